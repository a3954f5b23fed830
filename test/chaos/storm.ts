import type { Tracer } from '@opentelemetry/api';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../src/config/config';
import type { OrderView } from '../../src/domain/order';
import type { Orders } from '../../src/orders/open-orders';
import type { PartName } from '../../src/stack/start-part';
import type { StoredSpan } from '../../src/telemetry/stored-span';
import { isUndoingSpan } from '../../src/traces/business-spans';
import type { ChaosOrder } from './chaos-orders';
import { cancelPatiently, orderInput, outcomeOf, startPatiently } from './chaos-orders';
import { Parts } from './parts';
import { randomOf } from './random';
import { breachesInTheEnd, tracesOf } from './traces';
import { residentMb } from '../support/resident-memory';

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

const VISA = 'pm_card_visa';
const PLAIN = [
  { method: VISA },
  { method: 'pm_card_flaky' },
  { method: 'pm_card_declined' },
  { method: 'pm_card_timeout' },
  { method: VISA, country: 'AQ' },
  { method: VISA, country: 'XX' },
];

/** Only what ends without an operator. */
export const SELF_ENDING = ofBothKinds(PLAIN);

/** Every token and destination of the sandbox; some wait for an operator in the end. */
export const EVERY_KIND = ofBothKinds([
  ...PLAIN,
  { method: 'pm_card_insufficient_funds' },
  { method: 'pm_card_refund_fails' },
  { method: 'pm_card_refund_fails', country: 'AQ' },
  { method: VISA, sku: 'SKU-NONE' },
  { method: VISA, sku: 'SKU-RARE' },
]);

const PARTS: readonly PartName[] = ['order', 'inventory', 'payment', 'shipping', 'worker'];
const MEMORY_SAMPLES = 10;
const OUTCOME_TIMEOUT_MS = 300_000;
const SWEEP_TIMEOUT_MS = 180_000;
/** A cancel comes at most this long after its order, ms. */
const MAX_CANCEL_DELAY_MS = 600;

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
  /** What is ordered. @default SELF_ENDING */
  readonly kinds?: readonly ChaosOrder[];
  /** Share of the orders that somebody cancels, 0 to 1. @default 0 */
  readonly cancels?: number;
  /** Pause between two kills, at least and at most. @default 2 to 5 s */
  readonly killAfterMs?: readonly [number, number];
  /** Kills the Temporal server and brings it back; it is a victim, too, when this is there. */
  readonly restartTemporal?: () => Promise<void>;
  /** Orders after the storm, on one worker that is left alone, whose memory is looked at. @default 0 */
  readonly calm?: number;
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
  /** Parts that ended without having been killed. */
  readonly ended: readonly string[];
  /** Resident memory of the one worker of the calm after the storm, MB, at equal distances. */
  readonly workerMb: readonly number[];
}

/**
 * Runs orders while the worker, the services and, if wanted, the Temporal server are killed at random, lets the sweep do
 * its work, and tells what the traces and the books look like. The seed decides what is killed, when, and what is ordered.
 */
export async function storm(options: StormOptions): Promise<StormReport> {
  const { say, config, orders, seed, count, calm = 0 } = options;
  const parts = new Parts(options.environment);
  const over = new AbortController();
  try {
    await parts.start(...PARTS);
    say(`${String(PARTS.length)} parts are up`);
    const killing = killAtRandom(parts, options, over.signal);
    const stormy = await placeAll(options, {
      random: randomOf(seed + 1),
      prefix: 'storm',
      isEnough: (placed) => placed >= count && wereHit(parts),
    });
    over.abort();
    const ended = await killing;
    const workerMb: number[] = [];
    const still = await placeAll(options, {
      random: randomOf(seed + 2),
      prefix: 'calm',
      isEnough: (placed) => placed >= calm,
      onOutcome: (done) => {
        if (done % Math.ceil(calm / MEMORY_SAMPLES) === 0)
          workerMb.push(residentMb(parts.process('worker').pid));
      },
    });
    const views = [...stormy, ...still];
    say(`${String(views.length)} orders are over; the sweep has its turn`);
    const breaches = await breachesInTheEnd(views, config, SWEEP_TIMEOUT_MS);
    const { violations } = await orders.audit();
    return report(views, { config, kills: parts.kills, breaches, violations, ended, workerMb });
  } finally {
    over.abort();
    await parts.dispose();
  }
}

/** Whether both the worker and the services were hit more than once. */
function wereHit({ kills }: Parts): boolean {
  const services = PARTS.filter((name) => name !== 'worker').map((name) => kills[name] ?? 0);
  return (kills['worker'] ?? 0) > 1 && services.reduce((sum, times) => sum + times, 0) > 1;
}

/**
 * One victim after the other, whichever it hits; the next one only once the last is back.
 *
 * @returns the parts that had ended before they were killed.
 */
async function killAtRandom(
  parts: Parts,
  { seed, say, restartTemporal, killAfterMs: [min, max] = [2_000, 5_000] }: StormOptions,
  signal: AbortSignal,
): Promise<string[]> {
  const random = randomOf(seed);
  const ended: string[] = [];
  const pause = () => sleep(min + random() * (max - min), true, { signal });
  while (await pause().catch(() => false)) {
    // The worker as often as all others together: it has the most to lose.
    const others: readonly (PartName | 'temporal')[] =
      restartTemporal === undefined ? PARTS.slice(0, 4) : [...PARTS.slice(0, 4), 'temporal'];
    const victim = random() < 0.5 ? 'worker' : others[Math.floor(random() * others.length)]!;
    say(`SIGKILL ${victim}`);
    if (victim === 'temporal') {
      await restartTemporal?.();
      parts.kills[victim] = (parts.kills[victim] ?? 0) + 1;
    } else {
      if (!parts.process(victim).isRunning) ended.push(victim);
      await parts.kill(victim);
      await parts.start(victim);
    }
  }
  return ended;
}

interface Placing {
  readonly random: () => number;
  readonly prefix: string;
  readonly isEnough: (placed: number) => boolean;
  readonly onOutcome?: (done: number) => void;
}

async function placeAll(options: StormOptions, placing: Placing): Promise<OrderView[]> {
  const { orders, tracer, parallel, say, kinds = SELF_ENDING, cancels = 0 } = options;
  const { random, prefix, isEnough, onOutcome } = placing;
  const views: OrderView[] = [];
  let placed = 0;
  const place = async () => {
    while (!isEnough(placed)) {
      const orderId = `${prefix}-${String(placed++)}`;
      const kind = kinds[Math.floor(random() * kinds.length)]!;
      const cancelAfterMs = random() < cancels ? random() * MAX_CANCEL_DELAY_MS : undefined;
      await startPatiently(orders, tracer, orderInput(orderId, kind));
      if (cancelAfterMs !== undefined) {
        await sleep(cancelAfterMs);
        await cancelPatiently(orders, orderId);
      }
      views.push(await outcomeOf(orders, orderId, OUTCOME_TIMEOUT_MS));
      onOutcome?.(views.length);
      if (views.length % 50 === 0) say(`${String(views.length)} ${prefix} orders`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, place));
  return views;
}

function ofBothKinds(kinds: readonly Omit<ChaosOrder, 'transaction'>[]): readonly ChaosOrder[] {
  return kinds.flatMap((kind) => [
    { transaction: 'saga', ...kind },
    { transaction: 'tcc', ...kind },
  ]);
}

function report(
  views: readonly OrderView[],
  {
    config,
    ...rest
  }: { readonly config: Config } & Pick<
    StormReport,
    'kills' | 'breaches' | 'violations' | 'ended' | 'workerMb'
  >,
): StormReport {
  const traces = tracesOf(views, config);
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
