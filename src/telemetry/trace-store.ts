import { existsSync } from 'node:fs';
import type { StoredSpan } from './stored-span';
import { openTraceDatabase, traceDatabasePath } from './trace-database';

/** Reads what the parts of a stack wrote to their embedded trace store. */
export interface TraceStore {
  /** The trace's spans, each once, by start time; empty when the store knows none. */
  spansOf(traceId: string): StoredSpan[];
  close(): void;
}

/** How long a reader waits for the file, ms. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * Opens the embedded trace store under `config.dataDir`; one that nobody has written to yet is empty, and is not
 * created by looking.
 *
 * @throws libsql's error when the file is there and cannot be read.
 */
export function openTraceStore(config: { readonly dataDir: string }): TraceStore {
  const file = traceDatabasePath(config);
  if (!existsSync(file)) return { spansOf: () => [], close: () => undefined };
  const database = openTraceDatabase(file, BUSY_TIMEOUT_MS);
  const select = database.prepare('select span from spans where trace_id = ? order by id');
  return {
    spansOf: (traceId) =>
      (select.all(traceId) as { span: string }[])
        .map(({ span }) => JSON.parse(span) as StoredSpan)
        .sort((a, b) => compareNanoseconds(a.startTimeUnixNano, b.startTimeUnixNano)),
    close: () => {
      database.close();
    },
  };
}

/** The spans of one trace, from the embedded store as it is now; see {@link TraceStore.spansOf}. */
export function readTrace(config: { readonly dataDir: string }, traceId: string): StoredSpan[] {
  const store = openTraceStore(config);
  try {
    return store.spansOf(traceId);
  } finally {
    store.close();
  }
}

/** Decimal strings of equal length order like their numbers. */
function compareNanoseconds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
