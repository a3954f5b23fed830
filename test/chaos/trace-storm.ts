import type { Tracer } from '@opentelemetry/api';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../src/config/config';
import type { OrderView, TransactionKind } from '../../src/domain/order';
import { ServiceUnreachableError } from '../../src/orders/errors';
import type { Orders } from '../../src/orders/open-orders';
import type { PartName } from '../../src/stack/start-part';
import type { StoredSpan } from '../../src/telemetry/stored-span';
import { openTraceStore } from '../../src/telemetry/trace-store';
import { isUndoingSpan } from '../../src/traces/business-spans';
import { lintTrace } from '../../src/traces/lint-trace';
import { eventually } from '../support/eventually';
import { TsProcess } from '../support/ts-process';

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
]) satisfies readonly Kind[];

interface Kind {
  readonly transaction: TransactionKind;
  readonly payment?: { readonly method: string };
  readonly country?: string;
}

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
    await parts.startAll();
    say(`${String(PARTS.length)} parts are up`);
    const killing = parts.killAtRandom(randomOf(options.seed), storm.signal, say);
    const views = await placeAll(options, randomOf(options.seed + 1), () => parts.wereHit);
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

class Parts {
  readonly #environment: Readonly<Record<string, string>>;
  readonly #running = new Map<PartName, TsProcess>();
  readonly kills: Record<string, number> = {};

  constructor(environment: Readonly<Record<string, string>>) {
    this.#environment = environment;
  }

  async startAll(): Promise<void> {
    await Promise.all(PARTS.map((name) => this.#start(name)));
  }

  /** Whether both the worker and the services were hit more than once. */
  get wereHit(): boolean {
    const services = PARTS.filter((name) => name !== 'worker').map((name) => this.kills[name] ?? 0);
    return (this.kills['worker'] ?? 0) > 1 && services.reduce((sum, kills) => sum + kills, 0) > 1;
  }

  /** One part after the other, whichever it hits; the next one only once the last is back. */
  async killAtRandom(random: () => number, signal: AbortSignal, say: (line: string) => void): Promise<void> {
    const pause = () =>
      sleep(KILL_AFTER_MIN_MS + random() * (KILL_AFTER_MAX_MS - KILL_AFTER_MIN_MS), true, { signal });
    while (await pause().catch(() => false)) {
      // The worker as often as all services together: it has the most to lose.
      const victim = random() < 0.5 ? 'worker' : (PARTS[Math.floor(random() * 4)] ?? 'worker');
      const process = this.#running.get(victim);
      process?.signal('SIGKILL');
      await process?.ended;
      this.kills[victim] = (this.kills[victim] ?? 0) + 1;
      say(`SIGKILL ${victim}`);
      await this.#start(victim);
    }
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#running.values()].map((part) => part.dispose()));
  }

  async #start(name: PartName): Promise<void> {
    const part = new TsProcess('src/start.ts', [name], { ...process.env, ...this.#environment });
    this.#running.set(name, part);
    await part.said(new RegExp(`^${name}\\s+ready`, 'm'));
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
      await startPatiently(orders, tracer, inputOf(orderId, kind));
      const view = await orders.orders.waitForOutcome(orderId, { timeoutMs: OUTCOME_TIMEOUT_MS });
      if (view === undefined) throw new Error(`Order ${orderId} came to no end`);
      views.push(view);
      if (views.length % 20 === 0) say(`${String(views.length)} of ${String(count)} orders`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, place));
  return views;
}

/** The catalogue may be down just now. */
async function startPatiently({ orders }: Orders, tracer: Tracer, input: object): Promise<void> {
  for (;;) {
    try {
      await tracer.startActiveSpan('orders start', (span) =>
        orders.start(input).finally(() => {
          span.end();
        }),
      );
      return;
    } catch (error) {
      if (!(error instanceof ServiceUnreachableError)) throw error;
      await sleep(200);
    }
  }
}

function inputOf(orderId: string, { transaction, payment, country = 'DE' }: Kind): object {
  return {
    orderId,
    customerId: 'cus_storm',
    items: [{ sku: 'SKU-KEYBOARD', quantity: 1 }],
    payment: payment ?? { method: 'pm_card_visa' },
    shippingAddress: {
      name: 'A. Buyer',
      line1: '1 Main St',
      city: 'Berlin',
      postalCode: '10115',
      country,
    },
    transaction,
  };
}

function spansOf({ traceId }: OrderView, config: Config): StoredSpan[] {
  const store = openTraceStore(config);
  try {
    return store.spansOf(traceId);
  } finally {
    store.close();
  }
}

function breachesOf(view: OrderView, config: Config): string[] {
  return lintTrace(spansOf(view, config), view).map(
    ({ rule, detail }) => `${view.orderId} (${view.status}): ${rule}: ${detail}`,
  );
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

/** Numbers from 0 to 1 that follow from the seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
