import path from 'node:path';
import Database from 'libsql';

export type TraceDatabase = InstanceType<typeof Database>;

/** The embedded trace store of a stack: one file for all of its parts, whatever process they run in. */
export function traceDatabasePath(config: { readonly dataDir: string }): string {
  return path.join(config.dataDir, 'traces.sqlite');
}

/**
 * Opens the trace store's file, creating it when missing.
 *
 * WAL lets readers and a writer work at once. `synchronous=normal` syncs only at checkpoints: what was written
 * survives the death of the process at any moment, and a power cut may cost the last spans but not the file.
 *
 * `complete` is 0 for a span written before its end, which its final version replaces.
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
    database.exec(`
      create table if not exists spans (
        id integer primary key,
        trace_id text not null,
        span_id text not null,
        complete integer not null,
        span text not null,
        unique (trace_id, span_id)
      )`);
    database.exec(`pragma busy_timeout = ${String(busyTimeoutMs)}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
