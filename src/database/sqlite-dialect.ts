import { setTimeout as sleep } from 'node:timers/promises';
import type Libsql from 'libsql';
import type {
  CompiledQuery,
  DatabaseConnection,
  DatabaseIntrospector,
  Dialect,
  DialectAdapter,
  Driver,
  Kysely,
  QueryCompiler,
  QueryResult,
  SelectModifierNode,
} from 'kysely';
import { SqliteAdapter, SqliteDriver, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import { codeOf } from '../telemetry/error-type';

/** How long a transaction waits for the writer of another process, ms. */
export const BUSY_TIMEOUT_MS = 10_000;
const LONGEST_POLL_MS = 20;

/**
 * SQLite whose writes never fail for being second: transactions take the write lock when they begin (`begin
 * immediate`) and wait for it without blocking the event loop, and a single statement that writes is a transaction.
 *
 * Kysely's own `begin` is deferred: of two that read and then write, one gets SQLITE_BUSY at once, whatever the
 * busy timeout, because waiting could not help it. And a prepared statement that was answered with BUSY stays in progress
 * until it is run again or collected as garbage: before that, SQLite commits nothing, and says that it has.
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
  #connection: ImmediateConnection | undefined;

  constructor(private readonly database: Libsql.Database) {
    super({ database: new PreparedOnce(database) });
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    const connection = await super.acquireConnection();
    return (this.#connection ??= new ImmediateConnection(connection, this.database));
  }

  override async beginTransaction(): Promise<void> {
    await beginImmediate(this.database);
  }
}

const WRITES: ReadonlySet<string> = new Set(['InsertQueryNode', 'UpdateQueryNode', 'DeleteQueryNode']);

class ImmediateConnection implements DatabaseConnection {
  constructor(
    private readonly connection: DatabaseConnection,
    private readonly database: Libsql.Database,
  ) {}

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    if (this.database.inTransaction || !WRITES.has(query.query.kind)) {
      return this.connection.executeQuery<Row>(query);
    }
    await beginImmediate(this.database);
    try {
      const result = await this.connection.executeQuery<Row>(query);
      this.database.exec('commit');
      return result;
    } catch (error) {
      rollBack(this.database);
      throw error;
    }
  }

  streamQuery<Row>(query: CompiledQuery, chunkSize?: number): AsyncIterableIterator<QueryResult<Row>> {
    return this.connection.streamQuery<Row>(query, chunkSize);
  }
}

/** Some failures have done so already. */
function rollBack(database: Libsql.Database): void {
  if (database.inTransaction) database.exec('rollback');
}

async function beginImmediate(database: Libsql.Database): Promise<void> {
  const deadline = Date.now() + BUSY_TIMEOUT_MS;
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, LONGEST_POLL_MS)) {
    try {
      beginWithoutWaiting(database);
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
 * By `exec`, which finalises what it ran.
 */
function beginWithoutWaiting(database: Libsql.Database): void {
  database.exec('pragma busy_timeout = 0');
  try {
    database.exec('begin immediate');
  } finally {
    database.exec(`pragma busy_timeout = ${String(BUSY_TIMEOUT_MS)}`);
  }
}

/** More different statements than a service has; lists of different lengths are different statements. */
const MAX_PREPARED = 200;

/**
 * The database to Kysely, which would have SQLite compile each query anew. What is run outside of transactions is not kept:
 * it can be answered with BUSY.
 */
class PreparedOnce {
  readonly #prepared = new Map<string, Libsql.Statement>();

  constructor(private readonly database: Libsql.Database) {}

  prepare(sql: string): Libsql.Statement {
    if (!this.database.inTransaction) return this.database.prepare(sql);
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
