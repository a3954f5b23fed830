import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Resource } from '@opentelemetry/resources';
import type { OutgoingSpan } from './sendable-span';
import { readResource, storeResource } from './stored-resource';
import type { TraceDatabase } from './trace-database';
import { openTraceDatabase, traceDatabasePath, WAITS } from './trace-database';

/** How long one statement may block the event loop for another process's write, ms. */
const BUSY_TIMEOUT_MS = 20;
/** How long a process that was killed keeps others from sending its spans, ms. */
const LEASE_MS = 10_000;

/** Whose spans are to be sent. */
export interface Sendable {
  readonly id: number;
  readonly resource: Resource;
}

/** A span that waits, as it was when it was taken. */
export interface WaitingSpan extends OutgoingSpan {
  readonly id: number;
  readonly version: number;
}

/**
 * The spans of the embedded trace store that wait to go over OTLP, and who may send them: of each resource one
 * owner at a time, whose lease runs out when it is killed.
 *
 * Every method throws libsql's error when the store cannot be used at the moment.
 */
export class SpanOutbox {
  /** An owner's part of {@link LEASE_MS} after which it has to lease again, to be sure of it. */
  readonly renewEveryMs: number;
  readonly #file: string;
  readonly #leaseMs: number;
  readonly #owner = randomUUID();
  #statements: Statements | undefined;

  /** @param options.leaseMs default 10 s. */
  constructor(options: { dataDir: string; leaseMs?: number }) {
    this.#file = traceDatabasePath(options);
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    this.renewEveryMs = this.#leaseMs / 3;
  }

  /** False where nobody has written a span yet: there is nothing to send, and no file. */
  exists(): boolean {
    return this.#statements !== undefined || existsSync(this.#file);
  }

  /** The spans of `resource`, for this process to send. */
  of(resource: Resource): Sendable {
    return { id: storeResource(this.#open().database, resource), resource };
  }

  /** Takes or renews the right to send the spans of `id`; false while another process has it. */
  lease(id: number): boolean {
    const now = Date.now();
    const until = now + this.#leaseMs;
    // Nobody leases for longer: who seems to have done so has another clock.
    return this.#write(({ lease }) => lease.run(this.#owner, until, id, this.#owner, now, until)) > 0;
  }

  /** Gives the right to send the spans of `id` back, unless some have come that wait; says whether it did. */
  releaseIfEmpty(id: number): boolean {
    return this.#write(({ releaseIfEmpty }) => releaseIfEmpty.run(id, this.#owner)) > 0;
  }

  /** Gives the right to send the spans of `id` back. */
  release(id: number): void {
    this.#write(({ release }) => release.run(id, this.#owner));
  }

  /** Resources other than `own` whose spans wait and which nobody has the right to send: their processes are gone. */
  orphans(own: number): Sendable[] {
    const now = Date.now();
    const rows = this.#open().orphans.all(own, now, now + this.#leaseMs) as {
      id: number;
      resource: string;
    }[];
    return rows.map(({ id, resource }) => ({ id, resource: readResource(resource) }));
  }

  /** The first spans of `id` that wait, at most `limit`, in the order in which they were first written. */
  take(id: number, limit: number): WaitingSpan[] {
    return this.#open().take.all(id, limit) as WaitingSpan[];
  }

  /** Takes `spans` off; one that was written anew since it was taken goes on waiting. */
  markSent(spans: readonly WaitingSpan[]): void {
    const { database, markSent } = this.#open();
    const idsByVersion = new Map<number, number[]>();
    for (const { id, version } of spans) {
      const ids = idsByVersion.get(version);
      if (ids === undefined) idsByVersion.set(version, [id]);
      else ids.push(id);
    }
    database
      .transaction(() => {
        for (const [version, ids] of idsByVersion) markSent.run(JSON.stringify(ids), version);
      })
      .immediate();
  }

  /**
   * Runs what writes as a transaction, and tells how many rows it changed. The wait for another process is that of `begin`:
   * a prepared statement that is answered with BUSY stays in progress, and nothing would be committed before it is run again.
   */
  #write(write: (statements: Statements) => { readonly changes: number }): number {
    const statements = this.#open();
    let changes = 0;
    statements.database
      .transaction(() => {
        changes = write(statements).changes;
      })
      .immediate();
    return changes;
  }

  close(): void {
    this.#statements?.database.close();
    this.#statements = undefined;
  }

  #open(): Statements {
    return (this.#statements ??= prepare(openTraceDatabase(this.#file, BUSY_TIMEOUT_MS)));
  }
}

type Statements = ReturnType<typeof prepare>;

function prepare(database: TraceDatabase) {
  return {
    database,
    lease: database.prepare(`
      update resources set owner = ?, until = ?
      where id = ? and (owner is null or owner = ? or until <= ? or until > ?)`),
    release: database.prepare('update resources set owner = null where id = ? and owner = ?'),
    releaseIfEmpty: database.prepare(`
      update resources set owner = null
      where id = ? and owner = ? and not exists (select 1 from spans where resource = resources.id and ${WAITS})`),
    orphans: database.prepare(`
      select id, resource from resources
      where id <> ? and (owner is null or until <= ? or until > ?)
      and exists (select 1 from spans where resource = resources.id and ${WAITS})`),
    take: database.prepare(`
      select id, unsent as version, trace_id as traceId, span, wire from spans
      where resource = ? and ${WAITS} order by id limit ?`),
    markSent: database.prepare(`
      update spans set unsent = -unsent where id in (select value from json_each(?)) and unsent = ?`),
  };
}
