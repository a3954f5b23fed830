import { setTimeout as sleep } from 'node:timers/promises';
import type { ExportResult } from '@opentelemetry/core';
import { ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';
import { LossLog } from './loss-log';
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
}

/**
 * Writes spans to the embedded trace store before `export` returns: a span that was exported survives SIGKILL.
 *
 * The same span written twice is one row, as it was written last: a workflow task that is run again tells the truth
 * the second time. Only what has not ended never takes the place of what has. A store that cannot be written (locked, disk full) never fails or stalls the part: spans
 * wait in memory, bounded, are tried again, and those given up are counted and logged. The oldest traces are
 * deleted beyond `maxSpans`.
 */
export class TraceStoreExporter implements SpanExporter {
  readonly #file: string;
  readonly #maxSpans: number;
  readonly #losses: LossLog;
  #database: TraceDatabase | undefined;
  #insert: { run(...values: unknown[]): unknown } | undefined;
  #waiting: Row[] = [];
  #retry: NodeJS.Timeout | undefined;
  #retryAfterMs = RETRY_AFTER_MS;
  #untilPrune = PRUNE_EVERY;
  #closed = false;

  /** @param options.maxSpans default 500,000. */
  constructor(options: { dataDir: string; logger: Logger; maxSpans?: number }) {
    this.#file = traceDatabasePath(options);
    this.#maxSpans = options.maxSpans ?? DEFAULT_MAX_SPANS;
    this.#losses = new LossLog(options.logger, this.#file);
  }

  get lostSpans(): number {
    return this.#losses.lost;
  }

  export(spans: readonly ReadableSpan[], done: (result: ExportResult) => void): void {
    if (this.#closed) {
      done({ code: ExportResultCode.FAILED, error: new Error('The trace store is closed') });
      return;
    }
    this.#waiting.push(...spans.map(toRow));
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
      this.#losses.failed(new Error('The part stopped before they could be written'), this.#waiting.length);
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
      this.#insert = this.#database.prepare(`
        insert into spans (trace_id, span_id, parent_id, complete, span) values (?, ?, ?, ?, ?)
        on conflict (trace_id, span_id) do update set complete = excluded.complete, span = excluded.span
        where (complete = 0 or excluded.complete = 1) and span <> excluded.span`);
      pruneTraces(this.#database, this.#maxSpans);
    }
    return this.#database;
  }

  #insertWaiting(database: TraceDatabase): void {
    const rows = this.#waiting;
    const insertAll = () => {
      for (const { traceId, spanId, parentId, complete, json } of rows) {
        this.#insert?.run(traceId, spanId, parentId, complete, json);
      }
    };
    if (rows.length > 1) database.transaction(insertAll).immediate();
    else insertAll();
    this.#waiting = [];
    this.#untilPrune -= rows.length;
    if (this.#untilPrune <= 0) {
      this.#untilPrune = PRUNE_EVERY;
      pruneTraces(database, this.#maxSpans);
    }
  }

  #dropExcess(error: unknown = new Error('Too many spans wait for the trace store')): void {
    const excess = this.#waiting.length - MAX_WAITING;
    if (excess <= 0) return;
    this.#waiting.splice(0, excess);
    this.#losses.failed(error, excess);
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

function toRow(span: ReadableSpan): Row {
  const { traceId, spanId } = span.spanContext();
  return {
    traceId,
    spanId,
    parentId: span.parentSpanContext?.spanId ?? null,
    complete: span.ended ? 1 : 0,
    json: JSON.stringify(toStoredSpan(span)),
  };
}
