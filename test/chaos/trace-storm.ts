import type { Tracer } from '@opentelemetry/api';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../src/config/config';
import type { OrderView } from '../../src/domain/order';
import type { Orders } from '../../src/orders/open-orders';
import type { PartName } from '../../src/stack/start-part';
import type { StoredSpan } from '../../src/telemetry/stored-span';
import { isUndoingSpan } from '../../src/traces/business-spans';
import { eventually } from '../support/eventually';
import type { ChaosOrder } from './chaos-orders';
import { orderInput, startPatiently } from './chaos-orders';
import { Parts } from './parts';
import { randomOf } from './random';
import { breachesOf, spansOf } from './traces';

/** What the parts run with: patient enough that nothing is given up for a kill, and quick to sweep. */
export const STORM_SETTINGS = {
  SAGA_STEP_TIMEOUT_MS: '2000',
  SAGA_STEP_MAX_ATTEMPTS: '8',
  SAGA_STEP_BACKOFF_MAX_MS: '1000',
  SAGA_COMPENSATION_MAX_ATTEMPTS: '1000',
  SAGA_COMPENSATION_BACKOFF_MAX_MS: '1000',
  WORKER_STICKY_TIMEOUT_MS: '500',
  PAYMENT_PROVIDER_TIMEOUT_MS: '500',
  TRACE_SWEEP_INTERVAL_MS: '1000',
  TRACE_SWEEP_GRACE_MS: '3000',
};

/** Only what ends without an operator. */
const KINDS = [
  {},
  { payment: { method: 'pm_card_flaky' } },
  { payment: { method: 'pm_card_declined' } },
  { payment: { method: 'pm_card_timeout' } },
  { country: 'AQ' },
  { country: 'XX' },
].flatMap((kind) => [
  { transaction: 'saga', ...kind },
  { transaction: 'tcc', ...kind },
]) satisfies readonly ChaosOrder[];

const PARTS: readonly PartName[] = ['order', 'inventory', 'payment', 'shipping', 'worker'];
const [KILL_AFTER_MIN_MS, KILL_AFTER_MAX_MS] = [2_000, 5_000];
const OUTCOME_TIMEOUT_MS = 180_000;
const SWEEP_TIMEOUT_MS = 120_000;

export interface StormOptions {
  readonly config: Config;
  /** Of the parts' processes. */
  readonly environment: Readonly<Record<string, string>>;
  /** A client whose starts are traced, */
  readonly orders: Orders;
  /** by this, under a root span for each order as `orders start` makes it. */
  readonly tracer: Tracer;
  /** At least; more when nothing much was killed by then. */
  readonly count: number;
  /** Orders under way at a time. */
  readonly parallel: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

/** What a storm left behind. */
export interface StormReport {
  readonly orders: number;
  readonly traces: number;
  readonly spans: number;
  readonly kills: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<string, number>>;
  /** Spans that were made again from histories, or ended for a dead process. */
  readonly reconstructed: number;
  readonly orphans: number;
  readonly compensations: number;
  readonly linkedOnce: number;
  /** `order: breach` of every trace that is not as it should be. */
  readonly breaches: readonly string[];
  /** Of `orders audit`. */
  readonly violations: readonly unknown[];
}

/**
 * Runs orders of every kind while the worker and the services are killed at random, lets the sweep do its work, and
 * tells what the traces and the books look like. The seed decides what is killed, when, and what is ordered.
 */
export async function traceStorm(options: StormOptions): Promise<StormReport> {
  const { say, config, orders } = options;
  const parts = new Parts(options.environment);
  const storm = new AbortController();
  try {
    await parts.start(...PARTS);
    say(`${String(PARTS.length)} parts are up`);
    const killing = killAtRandom(parts, randomOf(options.seed), storm.signal, say);
    const views = await placeAll(options, randomOf(options.seed + 1), () => wereHit(parts));
    storm.abort();
    await killing;
    say(`${String(views.length)} orders are over; the sweep has its turn`);
    const unlike = await eventually(
      () => views.flatMap((view) => breachesOf(view, config)),
      (breaches) => breaches.length === 0,
      'every trace is whole',
      SWEEP_TIMEOUT_MS,
    ).catch(() => views.flatMap((view) => breachesOf(view, config)));
    const { violations } = await orders.audit();
    return report(views, { config, kills: parts.kills, breaches: unlike, violations });
  } finally {
    storm.abort();
    await parts.dispose();
  }
}

/** Whether both the worker and the services were hit more than once. */
function wereHit({ kills }: Parts): boolean {
  const services = PARTS.filter((name) => name !== 'worker').map((name) => kills[name] ?? 0);
  return (kills['worker'] ?? 0) > 1 && services.reduce((sum, times) => sum + times, 0) > 1;
}

/** One part after the other, whichever it hits; the next one only once the last is back. */
async function killAtRandom(
  parts: Parts,
  random: () => number,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  const pause = () =>
    sleep(KILL_AFTER_MIN_MS + random() * (KILL_AFTER_MAX_MS - KILL_AFTER_MIN_MS), true, { signal });
  while (await pause().catch(() => false)) {
    // The worker as often as all services together: it has the most to lose.
    const victim = random() < 0.5 ? 'worker' : (PARTS[Math.floor(random() * 4)] ?? 'worker');
    await parts.kill(victim);
    say(`SIGKILL ${victim}`);
    await parts.start(victim);
  }
}

async function placeAll(
  { orders, tracer, count, parallel, say }: StormOptions,
  random: () => number,
  isEnough: () => boolean,
): Promise<OrderView[]> {
  const views: OrderView[] = [];
  let placed = 0;
  const place = async () => {
    while (placed < count || !isEnough()) {
      const number = placed++;
      const orderId = `storm-${String(number)}`;
      const kind = KINDS[Math.floor(random() * KINDS.length)] ?? { transaction: 'saga' };
      await startPatiently(orders, tracer, orderInput(orderId, kind));
      const view = await orders.orders.waitForOutcome(orderId, { timeoutMs: OUTCOME_TIMEOUT_MS });
      if (view === undefined) throw new Error(`Order ${orderId} came to no end`);
      views.push(view);
      if (views.length % 20 === 0) say(`${String(views.length)} of ${String(count)} orders`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, place));
  return views;
}

function report(
  views: readonly OrderView[],
  { config, ...rest }: { readonly config: Config } & Pick<StormReport, 'kills' | 'breaches' | 'violations'>,
): StormReport {
  const traces = views.map((view) => spansOf(view, config));
  const spans = traces.flat();
  const compensations = traces.flatMap((trace) =>
    trace.filter(isUndoingSpan).map((span) => ({ span, trace })),
  );
  return {
    ...rest,
    orders: views.length,
    traces: new Set(views.map(({ traceId }) => traceId)).size,
    spans: spans.length,
    byStatus: counts(views.map(({ status }) => status)),
    reconstructed: spans.filter(({ attributes }) => attributes['saga.reconstructed'] === true).length,
    orphans: traces.flatMap(orphansOf).length,
    compensations: compensations.length,
    linkedOnce: compensations.filter(({ span, trace }) => isLinkedOnce(span, trace)).length,
  };
}

function orphansOf(trace: readonly StoredSpan[]): StoredSpan[] {
  const ids = new Set(trace.map(({ spanId }) => spanId));
  return trace.filter(({ parentSpanId }) => parentSpanId !== undefined && !ids.has(parentSpanId));
}

function isLinkedOnce({ links }: StoredSpan, trace: readonly StoredSpan[]): boolean {
  const [link, ...more] = links;
  const isUndone = ({ name }: StoredSpan) => name.startsWith('Step:') || name.startsWith('TCC Phase:');
  return more.length === 0 && trace.some((span) => span.spanId === link?.spanId && isUndone(span));
}

function counts(values: readonly string[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const value of values) found[value] = (found[value] ?? 0) + 1;
  return found;
}
