import { setTimeout as sleep } from 'node:timers/promises';
import type Libsql from 'libsql';
import type {
  DatabaseIntrospector,
  Dialect,
  DialectAdapter,
  Driver,
  Kysely,
  QueryCompiler,
  SelectModifierNode,
} from 'kysely';
import { SqliteAdapter, SqliteDriver, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import { codeOf } from '../telemetry/error-type';

/** How long a transaction waits for the writer of another process, ms. */
export const BUSY_TIMEOUT_MS = 10_000;
const LONGEST_POLL_MS = 20;

/**
 * SQLite whose transactions never fail for being second: they take the write lock when they begin (`begin
 * immediate`) and wait for it without blocking the event loop.
 *
 * Kysely's own `begin` is deferred: of two that read and then write, one gets SQLITE_BUSY at once, whatever the
 * busy timeout, because waiting could not help it.
 */
export class ImmediateSqliteDialect implements Dialect {
  constructor(private readonly database: Libsql.Database) {}

  createDriver(): Driver {
    return new ImmediateSqliteDriver(this.database);
  }

  createQueryCompiler(): QueryCompiler {
    return new LocklessQueryCompiler();
  }

  createAdapter(): DialectAdapter {
    return new TransactionalDdlAdapter();
  }

  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new SqliteIntrospector(db);
  }
}

class ImmediateSqliteDriver extends SqliteDriver {
  constructor(private readonly database: Libsql.Database) {
    super({ database: new PreparedOnce(database) });
  }

  override async beginTransaction(): Promise<void> {
    const deadline = Date.now() + BUSY_TIMEOUT_MS;
    for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, LONGEST_POLL_MS)) {
      try {
        this.beginWithoutWaiting();
        return;
      } catch (error) {
        if (!isBusy(error) || Date.now() >= deadline) throw error;
      }
      await sleep(pauseMs);
    }
  }

  /**
   * SQLite's busy handler sleeps in the thread: should the lock's holder live in this process, it would never go on.
   *
   * By `exec`, which finalises what it ran: a prepared BEGIN that was answered with BUSY stays in progress until
   * it is collected as garbage, and SQLite opens no savepoint before that.
   */
  private beginWithoutWaiting(): void {
    this.database.exec('pragma busy_timeout = 0');
    try {
      this.database.exec('begin immediate');
    } finally {
      this.database.exec(`pragma busy_timeout = ${String(BUSY_TIMEOUT_MS)}`);
    }
  }
}

/** More different statements than a service has; lists of different lengths are different statements. */
const MAX_PREPARED = 200;

/** The database to Kysely, which would have SQLite compile each query anew. */
class PreparedOnce {
  readonly #prepared = new Map<string, Libsql.Statement>();

  constructor(private readonly database: Libsql.Database) {}

  prepare(sql: string): Libsql.Statement {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      if (this.#prepared.size >= MAX_PREPARED) this.#prepared.clear();
      this.#prepared.set(sql, statement);
    }
    return statement;
  }

  close(): void {
    this.#prepared.clear();
    this.database.close();
  }
}

/** `select … for update` is what it says inside of `begin immediate`: the whole database is locked already. */
class LocklessQueryCompiler extends SqliteQueryCompiler {
  protected override visitSelectModifier(node: SelectModifierNode): void {
    if (node.modifier !== 'ForUpdate') super.visitSelectModifier(node);
  }
}

/**
 * SQLite does roll back DDL. Saying so makes the migrator look up and run what is pending in one immediate
 * transaction, and so the second of two processes that start together finds the work done.
 */
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** True when another connection holds the lock that a statement wants. */
export function isBusy(error: unknown): boolean {
  return codeOf(error)?.startsWith('SQLITE_BUSY') === true;
}
