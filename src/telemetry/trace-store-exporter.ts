import { setTimeout as sleep } from 'node:timers/promises';
import type { ExportResult } from '@opentelemetry/core';
import { ExportResultCode } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';
import { LossLog } from './loss-log';
import { wireDetails } from './sendable-span';
import { storeResource } from './stored-resource';
import { toStoredSpan } from './stored-span';
import type { TraceDatabase } from './trace-database';
import { openTraceDatabase, traceDatabasePath } from './trace-database';
import { pruneTraces } from './trace-retention';

/** How long one write may block the event loop for another process's, ms: a write takes well under 1 ms. */
const BUSY_TIMEOUT_MS = 20;
/** Spans that wait in memory while the file cannot be written; beyond it the oldest are lost, and counted. */
const MAX_WAITING = 5_000;
const RETRY_AFTER_MS = 100;
const MAX_RETRY_AFTER_MS = 5_000;
/** How long a stopping part goes on trying, ms. */
const SHUTDOWN_PATIENCE_MS = 2_000;
/** How many spans one part writes between two looks at the store's size. */
const PRUNE_EVERY = 500;

/** What the store keeps at most, about: roughly 0.4 GB, or 14,000 orders. */
const DEFAULT_MAX_SPANS = 500_000;

interface Row {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | null;
  readonly complete: 0 | 1;
  readonly json: string;
  /** What else it takes to send the span, when it is to be sent. */
  readonly outgoing?: { readonly resource: Resource; readonly wire: string };
}

/**
 * Writes spans to the embedded trace store before `export` returns: a span that was exported survives SIGKILL.
 *
 * The same span written twice is one row, as it was written last: a workflow task that is run again tells the truth
 * the second time. Only what has not ended never takes the place of what has. Where spans are to be sent, each new
 * content of a row waits for a `SpanSender`, which may be another process's.
 *
 * A store that cannot be written (locked, disk full) never fails or stalls the part: spans wait in memory, bounded,
 * are tried again, and those given up are counted and logged. The oldest traces are deleted beyond `maxSpans`; those
 * of their spans that were still to be sent count as lost.
 */
export class TraceStoreExporter implements SpanExporter {
  readonly #file: string;
  readonly #maxSpans: number;
  readonly #losses: LossLog;
  /** Deleted before they were sent; this trouble has no end that could be told. */
  readonly #unsentLosses: LossLog;
  readonly #sends: boolean;
  readonly #resourceIds = new WeakMap<Resource, number>();
  #database: TraceDatabase | undefined;
  #insert: { run(...values: unknown[]): unknown } | undefined;
  #waiting: Row[] = [];
  #retry: NodeJS.Timeout | undefined;
  #retryAfterMs = RETRY_AFTER_MS;
  #untilPrune = PRUNE_EVERY;
  #closed = false;

  /** @param options.maxSpans default 500,000. @param options.sendTo where spans are to be sent; default nowhere. */
  constructor(options: { dataDir: string; logger: Logger; maxSpans?: number; sendTo?: string }) {
    this.#file = traceDatabasePath(options);
    this.#maxSpans = options.maxSpans ?? DEFAULT_MAX_SPANS;
    this.#losses = new LossLog(options.logger, this.#file);
    this.#unsentLosses = new LossLog(options.logger, options.sendTo ?? 'a backend');
    this.#sends = options.sendTo !== undefined;
  }

  get lostSpans(): number {
    return this.#losses.lost + this.#unsentLosses.lost;
  }

  export(spans: readonly ReadableSpan[], done: (result: ExportResult) => void): void {
    if (this.#closed) {
      done({ code: ExportResultCode.FAILED, error: new Error('The trace store is closed') });
      return;
    }
    for (const span of spans) this.#waiting.push(toRow(span, this.#sends));
    // While a retry is due, writing would only block the thread again.
    if (this.#retry === undefined) this.#write();
    else this.#dropExcess();
    done({ code: ExportResultCode.SUCCESS });
  }

  /** Resolves when all is written, or after 2 s of trying. */
  async forceFlush(): Promise<void> {
    const deadline = performance.now() + SHUTDOWN_PATIENCE_MS;
    while (this.#waiting.length > 0 && !this.#write() && performance.now() < deadline) {
      await sleep(BUSY_TIMEOUT_MS);
    }
  }

  async shutdown(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.forceFlush();
    clearTimeout(this.#retry);
    if (this.#waiting.length > 0) {
      this.#lose(new Error('The part stopped before they could be written'), this.#waiting);
    }
    this.#database?.close();
  }

  /** True when nothing waits any more. */
  #write(): boolean {
    try {
      this.#insertWaiting(this.#open());
      this.#losses.succeeded();
      this.#retryAfterMs = RETRY_AFTER_MS;
      return true;
    } catch (error) {
      this.#losses.failed(error, 0);
      this.#dropExcess(error);
      this.#retryLater();
      return false;
    }
  }

  #open(): TraceDatabase {
    if (this.#database === undefined) {
      this.#database = openTraceDatabase(this.#file, BUSY_TIMEOUT_MS);
      this.#insert = this.#database.prepare(INSERT);
      this.#prune(this.#database);
    }
    return this.#database;
  }

  #insertWaiting(database: TraceDatabase): void {
    const rows = this.#waiting;
    // Before the transaction, whose end in vain would take them back.
    const resources = rows.map(({ outgoing }) => outgoing && this.#idOf(database, outgoing.resource));
    const insertAll = () => {
      rows.forEach(({ traceId, spanId, parentId, complete, json, outgoing }, index) => {
        const resource = resources[index] ?? null;
        const wire = outgoing?.wire ?? null;
        const unsent = outgoing === undefined ? 0 : 1;
        this.#insert?.run(traceId, spanId, parentId, complete, unsent, resource, wire, json);
      });
    };
    if (rows.length > 1) database.transaction(insertAll).immediate();
    else insertAll();
    this.#waiting = [];
    this.#untilPrune -= rows.length;
    if (this.#untilPrune <= 0) {
      this.#untilPrune = PRUNE_EVERY;
      this.#prune(database);
    }
  }

  #idOf(database: TraceDatabase, resource: Resource): number {
    const known = this.#resourceIds.get(resource);
    if (known !== undefined) return known;
    const id = storeResource(database, resource);
    this.#resourceIds.set(resource, id);
    return id;
  }

  #prune(database: TraceDatabase): void {
    const unsent = pruneTraces(database, this.#maxSpans);
    if (unsent > 0)
      this.#unsentLosses.failed(new Error('The store is full of spans that were not sent'), unsent);
  }

  #dropExcess(error: unknown = new Error('Too many spans wait for the trace store')): void {
    const excess = this.#waiting.length - MAX_WAITING;
    if (excess <= 0) return;
    this.#lose(error, this.#waiting.splice(0, excess));
  }

  /** One that is open now is told again when it ends, and counted then. */
  #lose(error: unknown, rows: readonly Row[]): void {
    this.#losses.failed(error, rows.filter(({ complete }) => complete === 1).length);
  }

  #retryLater(): void {
    if (this.#closed || this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#write();
    }, this.#retryAfterMs).unref();
    this.#retryAfterMs = Math.min(this.#retryAfterMs * 2, MAX_RETRY_AFTER_MS);
  }
}

const INSERT = `
  insert into spans (trace_id, span_id, parent_id, complete, unsent, resource, wire, span)
  values (?, ?, ?, ?, ?, ?, ?, ?)
  on conflict (trace_id, span_id) do update set
    complete = excluded.complete,
    span = excluded.span,
    unsent = case when unsent > 0 or excluded.unsent > 0 then abs(unsent) + 1 else unsent end,
    resource = coalesce(excluded.resource, resource),
    wire = coalesce(excluded.wire, wire)
  where (complete = 0 or excluded.complete = 1) and span <> excluded.span`;

function toRow(span: ReadableSpan, isOutgoing: boolean): Row {
  const { traceId, spanId } = span.spanContext();
  return {
    traceId,
    spanId,
    parentId: span.parentSpanContext?.spanId ?? null,
    complete: span.ended ? 1 : 0,
    json: JSON.stringify(toStoredSpan(span)),
    ...(isOutgoing && { outgoing: { resource: span.resource, wire: wireDetails(span) } }),
  };
}
