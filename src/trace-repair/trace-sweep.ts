import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import type { WorkflowBundleOption } from '@temporalio/worker';
import { orderSummary } from '../orders/order-summary';
import type { OrderSummary } from '../orders/order-summary';
import { ordersQuery } from '../orders/visibility-query';
import { Repeating } from '../stack/repeating';
import type { StartedTelemetry } from '../telemetry/telemetry';
import type { StoredSpan } from '../telemetry/stored-span';
import { openTraceStore } from '../telemetry/trace-store';
import type { TraceStore } from '../telemetry/trace-store';
import { lintTrace } from '../traces/lint-trace';
import { repairTraces } from './repair-traces';
import type { BrokenRun } from './repair-traces';

/** How far one sweep looks back behind the one before, ms: what was closed shows in lists a moment later. */
const OVERLAP_MS = 60_000;
/** How far the first sweep on a DATA_DIR looks back, ms. */
const FIRST_LOOK_MS = 86_400_000;

export interface TraceSweepOptions {
  readonly client: Client;
  readonly dataDir: string;
  readonly telemetry: StartedTelemetry;
  readonly workflowBundle: WorkflowBundleOption;
  readonly dataConverter: DataConverter;
  /** From the end of one sweep to the start of the next, ms. */
  readonly intervalMs: number;
  /** How long an order must be over before its trace is looked at, ms: its last spans may be on their way. */
  readonly graceMs: number;
}

/**
 * Looks through the traces of orders that are over, or wait for an operator, and makes whole those that are not: once
 * when it starts, for what died with the process before, then again and again, for what others left behind.
 *
 * Each order that is over is looked at once, one that waits whenever its trace has changed. How far it has come is kept under DATA_DIR, so that a restart goes on from there.
 * A trace of which the store knows nothing was recorded elsewhere, or not at all, and is left alone. Trouble is
 * logged, and the next sweep tries again.
 */
export class TraceSweep {
  readonly #options: TraceSweepOptions;
  readonly #watermarkFile: string;
  /** Runs that were looked at, with the time of their close: the overlap shows them again. */
  readonly #seen = new Map<string, number>();
  /** Runs that wait, with how their trace was when it was looked at. */
  #seenWaiting = new Map<string, string>();
  readonly #rounds: Repeating;

  constructor(options: TraceSweepOptions) {
    this.#options = options;
    this.#watermarkFile = path.join(options.dataDir, 'trace-sweep.json');
    this.#rounds = new Repeating(() => this.#sweepAndLog(), {
      intervalMs: options.intervalMs,
      onFailure: (error) => {
        if (this.#rounds.stopped) return;
        options.telemetry.logger.warn({ err: error }, 'the sweep of traces failed; the next one tries again');
      },
    });
  }

  /** Resolves when nothing is under way any more. */
  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async #sweepAndLog(): Promise<void> {
    const { looked, repaired } = await this.#sweep();
    if (repaired > 0) this.#options.telemetry.logger.info({ looked, repaired }, 'traces were made whole');
  }

  async #sweep(): Promise<{ looked: number; repaired: number }> {
    const { dataDir, graceMs, telemetry } = this.#options;
    const since = this.#watermark() - OVERLAP_MS;
    const until = Date.now() - graceMs;
    const store = openTraceStore({ dataDir });
    let [looked, repaired] = [0, 0];
    try {
      const broken = this.#broken(since, until, store, () => looked++);
      for await (const { workflowId, written, error } of repairTraces(broken, { ...this.#options, store })) {
        if (error !== undefined)
          telemetry.logger.warn({ workflowId, err: error }, 'a trace cannot be repaired');
        else if (written.length > 0) repaired += 1;
      }
    } finally {
      store.close();
    }
    if (!this.#rounds.stopped) this.#advance(until);
    return { looked, repaired };
  }

  /** The runs whose trace is not as it should be. */
  async *#broken(
    since: number,
    until: number,
    store: TraceStore,
    look: () => void,
  ): AsyncGenerator<BrokenRun> {
    yield* this.#brokenOfClosed(since, until, store, look);
    yield* this.#brokenOfWaiting(until, store, look);
  }

  /** Of those that were closed in the meantime. */
  async *#brokenOfClosed(
    since: number,
    until: number,
    store: TraceStore,
    look: () => void,
  ): AsyncGenerator<BrokenRun> {
    const time = (ms: number) => `'${new Date(ms).toISOString()}'`;
    const query = `${ordersQuery()} AND CloseTime >= ${time(since)} AND CloseTime < ${time(until)}`;
    for await (const info of this.#options.client.workflow.list({ query })) {
      if (this.#rounds.stopped) return;
      if (this.#seen.has(info.runId)) continue;
      look();
      // The worker's own work comes first.
      await turnOfTheLoop();
      const summary = orderSummary(info);
      if (!isWhole(summary, spansOf(summary, store))) yield this.#withHistory(info);
      // Only now: when its repair fails, the next sweep comes back to it.
      this.#seen.set(info.runId, info.closeTime?.getTime() ?? until);
    }
  }

  /** Of those that may wait for days until somebody looks at their trace, and decides. */
  async *#brokenOfWaiting(until: number, store: TraceStore, look: () => void): AsyncGenerator<BrokenRun> {
    const seen = this.#seenWaiting;
    this.#seenWaiting = new Map();
    for await (const info of this.#options.client.workflow.list({
      query: ordersQuery({ status: 'needs_attention' }),
    })) {
      if (this.#rounds.stopped) return;
      await turnOfTheLoop();
      const summary = orderSummary(info);
      const spans = spansOf(summary, store);
      const state = stateOf(spans);
      const isSeen = seen.get(info.runId) === state.id;
      if (!isSeen && state.lastEnd < until) {
        look();
        if (!isWhole(summary, spans)) yield this.#withHistory(info);
      }
      if (isSeen || state.lastEnd < until) this.#seenWaiting.set(info.runId, state.id);
    }
  }

  async #withHistory({ workflowId, runId }: { workflowId: string; runId: string }): Promise<BrokenRun> {
    const handle = this.#options.client.workflow.getHandle(workflowId, runId);
    return { workflowId, runId, history: await handle.fetchHistory() };
  }

  #advance(until: number): void {
    for (const [runId, closedAt] of this.#seen) if (closedAt < until - OVERLAP_MS) this.#seen.delete(runId);
    const temporary = `${this.#watermarkFile}.${String(process.pid)}`;
    writeFileSync(temporary, JSON.stringify({ sweptUntil: new Date(until).toISOString() }));
    renameSync(temporary, this.#watermarkFile);
  }

  #watermark(): number {
    try {
      const { sweptUntil } = JSON.parse(readFileSync(this.#watermarkFile, 'utf8')) as { sweptUntil: string };
      const time = Date.parse(sweptUntil);
      if (!Number.isNaN(time)) return time;
    } catch {
      // None yet, or not one of ours: look back as far as the first time.
    }
    return Date.now() - FIRST_LOOK_MS;
  }
}

function spansOf({ traceId }: OrderSummary, store: TraceStore): readonly StoredSpan[] {
  return traceId === undefined ? [] : store.spansOf(traceId);
}

/** One of which the store knows nothing is told elsewhere, or nowhere. */
function isWhole(order: OrderSummary, spans: readonly StoredSpan[]): boolean {
  return spans.length === 0 || lintTrace(spans, order).length === 0;
}

/** `id` changes with every span that comes, goes or ends; `lastEnd` is ms since 1970, 0 when none has ended. */
function stateOf(spans: readonly StoredSpan[]): { readonly id: string; readonly lastEnd: number } {
  const ended = spans.filter(({ running }) => running !== true);
  return {
    id: spans.map(({ spanId, running }) => (running === true ? `${spanId}…` : spanId)).join(),
    lastEnd: Math.max(0, ...ended.map(({ endTimeUnixNano }) => Number(endTimeUnixNano) / 1e6)),
  };
}
