import path from 'node:path';
import Database from 'libsql';

export type TraceDatabase = InstanceType<typeof Database>;

/** The embedded trace store of a stack: one file for all of its parts, whatever process they run in. */
export function traceDatabasePath(config: { readonly dataDir: string }): string {
  return path.join(config.dataDir, 'traces.sqlite');
}

/** Raised with every change of the tables; an older store is thrown away: it holds traces, not orders. */
const SCHEMA_VERSION = 3;

/**
 * Which rows of `spans` wait to be sent: exactly the condition of the index `outbox`, or the index is not used.
 */
export const WAITS = 'unsent > 0 and complete = 1';

/**
 * Opens the trace store's file, creating it when missing.
 *
 * WAL lets readers and a writer work at once. `synchronous=normal` syncs only at checkpoints: what was written
 * survives the death of the process at any moment, and a power cut may cost the spans of the last 16 MB but not the file.
 *
 * @param busyTimeoutMs how long to block the thread for another process's write.
 * @throws libsql's error when the file cannot be opened or is locked for too long.
 */
export function openTraceDatabase(file: string, busyTimeoutMs: number): TraceDatabase {
  const database = new Database(file);
  try {
    // The switch to WAL and the first DDL want the file alone: parts that start together wait for each other.
    database.exec('pragma busy_timeout = 2000');
    database.exec('pragma journal_mode = wal');
    database.exec('pragma synchronous = normal');
    // Pages that were written many times are copied into the file once. The log takes some 16 MB, more while somebody reads.
    database.exec('pragma wal_autocheckpoint = 4000');
    if (versionOf(database) !== SCHEMA_VERSION) database.transaction(createTables).immediate(database);
    database.exec(`pragma busy_timeout = ${String(busyTimeoutMs)}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Whether `error` says that another process is writing right now. */
export function isBusy(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'SQLITE_BUSY';
}

/**
 * `spans.complete` is 0 for a span that has not ended, which a later version replaces. `unsent` counts versions of
 * a row that is to go over OTLP: n > 0 when version n waits to be sent, −n when it was; 0 when nobody wants it sent.
 * `wire` is what OTLP sends and `span` does not say, `resource` who made the span; both are null where `unsent` is 0.
 *
 * `resources.owner` sends the resource's spans until `until` (ms since 1970).
 */
function createTables(database: TraceDatabase): void {
  // Looked at again: another process may have been here first.
  if (versionOf(database) === SCHEMA_VERSION) return;
  database.exec('drop table if exists spans');
  database.exec('drop table if exists resources');
  database.exec(`
    create table spans (
      id integer primary key,
      trace_id text not null,
      span_id text not null,
      parent_id text,
      complete integer not null,
      unsent integer not null,
      resource integer references resources (id),
      wire text,
      span text not null,
      unique (trace_id, span_id)
    )`);
  database.exec('create index incomplete on spans (trace_id) where complete = 0');
  database.exec(`create index outbox on spans (resource, id) where ${WAITS}`);
  database.exec(`
    create table resources (
      id integer primary key,
      resource text not null unique,
      owner text,
      until integer not null default 0
    )`);
  database.exec(`pragma user_version = ${String(SCHEMA_VERSION)}`);
}

function versionOf(database: TraceDatabase): number {
  return (database.prepare('pragma user_version').get() as { user_version: number }).user_version;
}
