import type { TraceDatabase } from './trace-database';

/**
 * Deletes the oldest traces beyond about `maxSpans` spans, whole: a trace that was written to since then stays
 * with all of its spans, however old the first.
 *
 * Another process that is writing right now makes this a no-op; the next call catches up.
 *
 * @throws libsql's error other than a busy file.
 */
export function pruneTraces(database: TraceDatabase, maxSpans: number): void {
  const { newest } = database.prepare('select max(id) as newest from spans').get() as {
    newest: number | null;
  };
  const oldestKept = (newest ?? 0) - maxSpans;
  if (oldestKept <= 0) return;
  try {
    database
      .prepare(
        `delete from spans where trace_id in (
           select trace_id from spans old where id <= ?
           and not exists (select 1 from spans recent where recent.trace_id = old.trace_id and recent.id > ?))`,
      )
      .run(oldestKept, oldestKept);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'SQLITE_BUSY') throw error;
  }
}
