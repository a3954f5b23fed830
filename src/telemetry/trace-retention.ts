import type { TraceDatabase } from './trace-database';
import { isBusy, WAITS } from './trace-database';

/** The traces, as `old`, that nobody has written to since the row given twice. */
const IS_OLD = `
  old.id <= ? and not exists (select 1 from spans recent where recent.trace_id = old.trace_id and recent.id > ?)`;

/**
 * Deletes the oldest traces beyond about `maxSpans` spans, whole: a trace that was written to since then stays
 * with all of its spans, however old the first.
 *
 * Another process that is writing right now makes this a no-op; the next call catches up.
 *
 * @returns how many of them had ended and still waited to be sent.
 * @throws libsql's error other than a busy file.
 */
export function pruneTraces(database: TraceDatabase, maxSpans: number): number {
  const { newest } = database.prepare('select max(id) as newest from spans').get() as {
    newest: number | null;
  };
  const oldestKept = (newest ?? 0) - maxSpans;
  if (oldestKept <= 0) return 0;
  try {
    return database
      .transaction(() => {
        const { unsent } = database
          .prepare(`select count(*) as unsent from spans old where ${WAITS} and ${IS_OLD}`)
          .get(oldestKept, oldestKept) as { unsent: number };
        database
          .prepare(`delete from spans where trace_id in (select trace_id from spans old where ${IS_OLD})`)
          .run(oldestKept, oldestKept);
        return unsent;
      })
      .immediate();
  } catch (error) {
    if (isBusy(error)) return 0;
    throw error;
  }
}
