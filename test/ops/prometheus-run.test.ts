import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Order, OrderStatus } from '../../src/domain/order';
import type { Orders } from '../../src/orders/open-orders';
import { readLastHour } from '../../src/orders/last-hour/read-last-hour';
import type { Signal } from '../../src/orders/last-hour/signals';
import { PART_NAMES } from '../../src/stack/start-part';
import { json, orders as cli } from '../support/cli';
import { eventually } from '../support/eventually';
import { shippedTo } from '../support/gateway-client';
import { documentedMetrics, metricOf } from '../support/ops/metrics-doc';
import type { Sample } from '../support/ops/prometheus-server';
import { metricsAddresses, PrometheusServer } from '../support/ops/prometheus-server';
import { sampleOrder } from '../support/orders';
import { TestStack } from '../support/stack';

/** So many orders are under way at a time. */
const LANES = 5;

const GOOD = sampleOrder;
const DECLINED = () => paidBy('pm_card_declined');
/** Shipping is refused, and then the refund is. */
const PARKED = () => sampleOrder({ ...paidBy('pm_card_refund_fails'), ...shippedTo('AQ') });

function paidBy(method: string, changes: Partial<Order> = {}): Order {
  return sampleOrder({ payment: { method }, ...changes });
}

/** What Prometheus and histograms add to every series, and Temporal's core to each of its own. */
const MADE_ELSEWHERE = new Set(['__name__', 'job', 'instance', 'part', 'le', 'service_name']);

/** 25 good ones, 4 declined, 1 whose refund is refused, mixed. */
const ORDERS: readonly Order[] = Array.from({ length: 30 }, (_, index) => {
  if (index === 20) return PARKED();
  return [3, 11, 17, 26].includes(index) ? DECLINED() : GOOD();
});

describe('a real Prometheus on a real run', () => {
  let stack: TestStack;
  let orders: Orders;
  let prometheus: PrometheusServer;

  beforeAll(async () => {
    stack = await TestStack.start();
    orders = await stack.openOrders();
    prometheus = await PrometheusServer.start(metricsAddresses(stack.config));
  });
  afterAll(async () => {
    await prometheus.stop();
    await orders.close();
    await stack.stop();
  });

  /** Places `all`, a few at a time, and returns once each has ended or is parked. */
  const run = async (all: readonly Order[]): Promise<Partial<Record<OrderStatus, number>>> => {
    const waiting = [...all];
    const found: Partial<Record<OrderStatus, number>> = {};
    const lane = async () => {
      for (let order = waiting.shift(); order !== undefined; order = waiting.shift()) {
        const { orderId } = await orders.orders.start(order);
        const { status } = await eventually(
          () => orders.orders.get(orderId),
          (view) => ['completed', 'failed', 'needs_attention'].includes(view.status),
          'the order stands still',
        );
        found[status] = (found[status] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    return found;
  };

  /** The exit code of `orders doctor`, and the values of what it says of the last hour. */
  const doctor = async () => {
    const result = await cli(['doctor', '--json'], stack.environment);
    const { lastHour } = json<{ lastHour: { signals: Signal[] } }>(result);
    return [result.code, ...lastHour.signals.map(({ value }) => value)];
  };

  it('is silent, and has no rates, before the first order', async () => {
    await eventually(
      () => prometheus.query('up{job="durable-orders"} == 1'),
      (up) => up.length === PART_NAMES.length,
      'every part is scraped',
    );
    // What the first scrapes saw of the counters is the zeros that all increases are counted from.
    await eventually(
      () => prometheus.value('min_over_time(sum(saga_completed_total)[1m:1s])'),
      (value) => value === 0,
      'the counters are there with 0',
    );
    await eventually(
      () => prometheus.alerts(),
      (alerts) => alerts.length === 0,
      'nothing is pending',
    );
    expect(await prometheus.query('{__name__=~"saga:.*_rate"}')).toEqual([]);
    expect(await doctor()).toEqual([0, null, null, null, null, 0]);
  });

  it('computes exactly the rates of 30 orders', async () => {
    expect(await run(ORDERS)).toEqual({ completed: 25, failed: 4, needs_attention: 1 });
    // 29 ended; 4 declined ones released and cancelled, and the parked one as well, but its refund failed.
    const counted = await eventually(
      async () => ({
        ended: await prometheus.value('sum(saga_completed_total)'),
        compensated: await prometheus.value('sum(saga_compensated_total)'),
        compensations: await prometheus.value('sum(saga_compensation_total)'),
        waiting: await prometheus.value('max(orders_needs_attention)'),
      }),
      ({ ended, compensated, compensations, waiting }) =>
        ended === 29 && compensated === 5 && compensations === 11 && waiting === 1,
      'everything is counted',
    );
    expect(counted).toEqual({ ended: 29, compensated: 5, compensations: 11, waiting: 1 });

    const countedAt = (await prometheus.value('vector(time())')) ?? NaN;
    // The last of its group.
    await eventually(
      () => prometheus.value('timestamp(saga:compensation_success_rate)'),
      (evaluatedAt) => evaluatedAt !== undefined && evaluatedAt > countedAt,
      'the rules have been evaluated since',
    );
    // All series of a process are scraped at the same moments and began at 0, so that `rate` extrapolates all of them
    // by the same factor: it drops out of the quotients, and what is left is the rounding of doubles.
    expect(await prometheus.value('saga:success_rate')).toBeCloseTo(25 / 29, 9);
    expect(await prometheus.value('saga:compensation_rate')).toBeCloseTo(5 / 30, 9);
    expect(await prometheus.value('saga:compensation_success_rate')).toBeCloseTo(10 / 11, 9);
  });

  it('raises the right alerts, first pending, then firing, and no other', async () => {
    const right = ['OrdersNeedAttention', 'SagaCompensationFailureRateHigh', 'SagaCompensationRateHigh'];
    // How quick orders are is up to the machine that this runs on.
    const slow = await prometheus.value(
      'sum(saga_duration_seconds_count) - sum(saga_duration_seconds_bucket{le="5.0"} or saga_duration_seconds_bucket{le="5"})',
    );
    const maySlow = slow === 0 ? [] : ['SagaSlow'];
    const firing = right.map((name) => ({ name, state: 'firing' }));
    await eventually(
      async () => (await prometheus.alerts()).filter(({ name }) => !maySlow.includes(name)),
      (alerts) => JSON.stringify(alerts) === JSON.stringify(firing),
      'these alerts fire, and no other',
    );
    // Parts that share a busy machine with the test may once be late for a scrape; what is about orders is exact.
    const everPending = await prometheus.query(
      'group by (alertname) (present_over_time(ALERTS{alertstate="pending", alertname!~"PartDown|Temporal.*"}[10m]))',
    );
    const names = everPending.map(({ labels }) => labels['alertname'] ?? '');
    expect(names.filter((name) => !maySlow.includes(name)).sort()).toEqual(right);
  });

  it('`orders doctor` says the same, without Prometheus', async () => {
    const [code, success, compensation, compensationSuccess, p95, waiting] = await doctor();
    expect({ code, success, compensation, compensationSuccess, waiting }).toEqual({
      code: 0,
      success: 25 / 29,
      compensation: 5 / 30,
      compensationSuccess: 10 / 11,
      waiting: 1,
    });
    expect(p95).toBeGreaterThan(0);
    expect((await cli(['doctor'], stack.environment)).stdout).toMatch(
      /^warn {2}compensation rate +16\.7 % → docs\/runbook\.md#sagacompensationratehigh$/m,
    );
  });

  it('counts all orders and looks at the newest', async () => {
    const facts = await readLastHour(orders, { durations: 7, compensations: 3 });
    expect(facts).toMatchObject({
      ended: { completed: 25, failed: 4, cancelled: 0 },
      unfinished: 1,
      compensations: { of: 5, read: 3 },
      seconds: { of: 29, read: 7 },
    });
    expect(facts.seconds.values).toHaveLength(7);
  });

  describe('after orders of every kind', () => {
    const documented = documentedMetrics();
    let served: Sample[];

    beforeAll(async () => {
      const tcc = { transaction: 'tcc' } as const;
      const parked = PARKED();
      await run([
        parked,
        ...[paidBy('pm_card_timeout'), sampleOrder(shippedTo('AQ')), sampleOrder(shippedTo('XX'))],
        ...[sampleOrder(tcc), paidBy('pm_card_declined', tcc), sampleOrder({ ...tcc, ...shippedTo('AQ') })],
        sampleOrder({ items: [{ sku: 'SKU-NONE', quantity: 1 }] }),
      ]);
      const skip = { step: 'refund_payment', by: 'tester', reason: 'paid back by hand' } as const;
      await orders.orders.skipCompensation(parked.orderId, skip);
      await eventually(cancelled, Boolean, 'an order is cancelled');
      await eventually(
        () => prometheus.value('sum(saga_completed_total{saga_outcome="cancelled"})'),
        (count) => count === 1,
        'it is scraped',
      );
      served = await prometheus.query('{job="durable-orders", __name__!~"up|scrape_.*|target_info"}');
    });

    /** An order may be past cancelling before it hears of it. */
    const cancelled = async () => {
      const { orderId } = await orders.orders.start(paidBy('pm_card_flaky'));
      await orders.orders.cancel(orderId, { by: 'tester' });
      return (await orders.orders.waitForOutcome(orderId, { timeoutMs: 60_000 }))?.status === 'cancelled';
    };

    const name = ({ labels }: Sample) => labels['__name__'] ?? '';
    const isTemporals = (sample: Sample) => name(sample).startsWith('temporal_');

    it('serves no metric, label or value that docs/metrics.md does not have', () => {
      const unknown = served.flatMap((sample) => {
        const metric = metricOf(name(sample), documented);
        // Temporal's SDK has many more than those that are used here.
        if (metric === undefined) return isTemporals(sample) ? [] : [name(sample)];
        return Object.entries(sample.labels)
          .filter(([label, value]) => {
            if (MADE_ELSEWHERE.has(label)) return false;
            const values = metric.labels.get(label);
            return values === undefined || (values.size > 0 && !values.has(value));
          })
          .map(([label, value]) => `${name(sample)} ${label} ${value}`);
      });
      expect([...new Set(unknown)]).toEqual([]);
    });

    it('serves each of our own from the parts that docs/metrics.md says, and from no other', () => {
      const partsOf = (metric: string) =>
        served
          .filter((sample) => metricOf(name(sample), documented)?.name === metric)
          .map(({ labels }) => labels['part']);
      const own = [...documented.values()].filter(
        ({ name: metric, servedBy }) => servedBy.size > 0 && !metric.startsWith('temporal_'),
      );
      const found = own.map((metric) => [metric.name, [...new Set(partsOf(metric.name))].sort()]);
      expect(found).toEqual(own.map((metric) => [metric.name, [...metric.servedBy].sort()]));
    });
  });

  it('`orders doctor` guesses nothing that only a worker knows', async () => {
    await stack.stopPart('worker');
    const result = await cli(['doctor', '--json'], stack.environment);
    const { lastHour } = json<{ lastHour: { signals: Signal[] } }>(result);
    expect(lastHour.signals).toMatchObject([
      { state: 'ok' },
      { state: 'warn' },
      { value: null, unknown: 'no worker answers' },
      // However quick the orders were.
      { value: expect.any(Number) },
      { value: 1, state: 'warn' },
    ]);
  });
});
