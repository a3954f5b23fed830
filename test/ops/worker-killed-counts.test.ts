import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Order, OrderView } from '../../src/domain/order';
import { isFinal } from '../../src/domain/order';
import type { Orders } from '../../src/orders/open-orders';
import { eventually } from '../support/eventually';
import { shippedTo } from '../support/gateway-client';
import { happenedIn } from '../support/ops/happened';
import { ScrapedWorker } from '../support/ops/scraped-worker';
import { sampleOrder } from '../support/orders';
import { TestStack } from '../support/stack';

const KILLS = 5;

/** How long the worker holds what it has measured before it counts it, ms: docs/metrics.md says so. */
const HELD_MS = 2_000;

/** How much later than the workflow's clock says a busy worker may come to its task, and to its timers, ms. */
const LATE_MS = 1_000;

const paidBy = (method: string, changes: Partial<Order> = {}): Order =>
  sampleOrder({ payment: { method }, ...changes });

/** Counted before the worker is killed. */
const early = (): Order[] => [
  ...Array.from({ length: 8 }, () => sampleOrder()),
  ...[paidBy('pm_card_declined'), paidBy('pm_card_declined'), paidBy('pm_card_flaky')],
  sampleOrder({ items: [{ sku: 'SKU-NONE', quantity: 1 }] }),
];

/** Some ended a moment ago when it is killed, the others are under way. */
const late = (): Order[] => [
  ...[sampleOrder(), sampleOrder(), sampleOrder(), paidBy('pm_card_declined')],
  ...[sampleOrder(shippedTo('AQ')), paidBy('pm_card_refund_fails', shippedTo('AQ'))],
  ...[sampleOrder({ transaction: 'tcc' }), paidBy('pm_card_declined', { transaction: 'tcc' })],
];

describe('the counters of workers that are killed', () => {
  let stack: TestStack;
  let orders: Orders;
  const workers: ScrapedWorker[] = [];

  beforeAll(async () => {
    stack = await TestStack.start(
      {
        // An attempt that dies with its worker is soon seen to be dead, and costs no order its success.
        SAGA_STEP_TIMEOUT_MS: '1000',
        SAGA_STEP_MAX_ATTEMPTS: '50',
        SAGA_COMPENSATION_TIMEOUT_MS: '1000',
        SAGA_COMPENSATION_MAX_ATTEMPTS: '50',
        WORKER_STICKY_TIMEOUT_MS: '500',
      },
      ['order', 'inventory', 'payment', 'shipping'],
    );
    orders = await stack.openOrders();
  });
  afterAll(async () => {
    await workers.at(-1)?.kill();
    await orders.close();
    await stack.stop();
  });

  const startWorker = async (): Promise<ScrapedWorker> => {
    const worker = await ScrapedWorker.start(stack);
    workers.push(worker);
    return worker;
  };

  /** The order, standing still: over, or parked. */
  const place = async (order: Order): Promise<OrderView> => {
    const { orderId } = await orders.orders.start(order);
    const view = await orders.orders.waitForOutcome(orderId, { timeoutMs: 120_000 });
    if (view === undefined) throw new Error(`${orderId} does not end`);
    return view;
  };

  /** An order that is cancelled while it is being shipped. */
  const cancelled = async (): Promise<OrderView> => {
    await stack.stopPart('shipping');
    const { orderId } = await orders.orders.start(sampleOrder());
    await eventually(
      () => orders.orders.get(orderId),
      ({ steps }) => steps[3]?.state === 'running',
      'it is being shipped',
    );
    await orders.orders.cancel(orderId, { by: 'tester' });
    await stack.startPart('shipping');
    return eventually(
      () => orders.orders.get(orderId),
      ({ status }) => isFinal(status),
      'it is cancelled',
    );
  };

  it('lack what a worker measured in its last moments, and nothing else; nothing is counted twice', async () => {
    const placed: Promise<OrderView>[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      const worker = await startWorker();
      placed.push(...early().map(place));
      await eventually(
        () => worker.sum('saga_completed_total'),
        (ended) => ended >= 6,
        'orders are counted',
      );
      const under = late().map(place);
      placed.push(...under);
      await Promise.race(under);
      await worker.kill();
    }
    const last = await startWorker();
    const found = await Promise.all(placed);
    expect(found).toHaveLength(100);
    const marker = await cancelled();
    await eventually(
      () => last.last.get('saga_completed_total{saga_name="Create Order",saga_outcome="cancelled"}'),
      (count) => count === 1,
      'the last order that ended is counted, and with it all that was measured before',
    );

    const counted = (series: string) => workers.reduce((sum, { last }) => sum + (last.get(series) ?? 0), 0);
    const atRisk = (time: number) =>
      workers
        .slice(0, KILLS)
        .some(({ scrapedAt, killedAt }) => time > scrapedAt - HELD_MS - LATE_MS && time <= killedAt);
    const happened = happenedIn([...found, marker]);
    const seen = [...happened].map(([series, times]) => {
      const most = times.length;
      return { series, counted: counted(series), least: most - times.filter(atRisk).length, most };
    });

    expect(seen.filter((one) => one.counted > one.most)).toEqual([]);
    expect(seen.filter((one) => one.counted < one.least)).toEqual([]);
    // And no series that none of the orders accounts for.
    const others = workers.flatMap(({ last }) =>
      [...last].filter(
        ([series, value]) => /^saga_(?!.*_(sum|bucket))/.test(series) && value > 0 && !happened.has(series),
      ),
    );
    expect(others).toEqual([]);
    // The kills came when there was something to lose, and not everything was lost.
    expect(seen.some(({ least, most }) => least < most)).toBe(true);
    expect(workers.filter((worker) => worker.sum('saga_completed_total') > 0)).toHaveLength(KILLS + 1);
  });
});
