import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OrderView } from '../../src/domain/order';
import type { Orders } from '../../src/orders/open-orders';
import { openOrders } from '../../src/orders/open-orders';
import { startTelemetry } from '../../src/telemetry/start-telemetry';
import type { StartedTelemetry } from '../../src/telemetry/telemetry';
import { openTraceStore } from '../../src/telemetry/trace-store';
import { lintTrace } from '../../src/traces/lint-trace';
import { eventually } from '../support/eventually';
import { sampleOrder } from '../support/orders';
import { TestStack } from '../support/stack';

/** Section 1 of the contract. */
const METHODS = [
  'pm_card_visa',
  'pm_card_declined',
  'pm_card_insufficient_funds',
  'pm_card_flaky',
  'pm_card_timeout',
  'pm_card_refund_fails',
  'pm_unheard_of',
];
const COUNTRIES = ['DE', 'FR', 'NL', 'ES', 'IT', 'US', 'GB', 'AQ', 'XX'];
const ORDERS = METHODS.flatMap((method) => COUNTRIES.map((country) => ({ method, country })));
const AT_A_TIME = 8;

type Case = (typeof ORDERS)[number];

/** Status, failure code and step that the order must end with. */
function expectedEnd({ method, country }: Case): string {
  if (method === 'pm_card_timeout') return 'failed payment_unavailable at try_payment';
  const isPaid = ['pm_card_visa', 'pm_card_flaky', 'pm_card_refund_fails'].includes(method);
  if (!isPaid) return 'failed payment_declined at try_payment';
  if (country !== 'AQ' && country !== 'XX') return 'completed';
  const status = method === 'pm_card_refund_fails' ? 'needs_attention' : 'failed';
  return `${status} shipping_unavailable at create_shipment`;
}

function endOf({ status, failure }: OrderView): string {
  return failure === undefined ? status : `${status} ${failure.code} at ${String(failure.step)}`;
}

describe('every payment method and every destination, as a TCC transaction', () => {
  let stack: TestStack;
  let telemetry: StartedTelemetry;
  let orders: Orders;

  beforeAll(async () => {
    stack = await TestStack.start();
    telemetry = startTelemetry({ service: 'orders-cli', config: stack.config, environment: {} });
    const options = { environment: stack.environment, requestTimeoutMs: 60_000 };
    orders = await openOrders(stack.config, telemetry, options);
  });
  afterAll(async () => {
    await orders.close();
    await telemetry.shutdown();
    await stack.stop();
  });

  const breachesOf = (view: OrderView) => {
    const store = openTraceStore(stack.config);
    try {
      return lintTrace(store.spansOf(view.traceId), view);
    } finally {
      store.close();
    }
  };

  it('ends as it should, with clean traces, and books that agree also once an operator has given up', async () => {
    const waiting = [...ORDERS];
    const views: OrderView[] = [];
    const ends: Record<string, string> = {};
    const customer = async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        const { method, country } = next;
        const address = { ...sampleOrder().shippingAddress, country };
        const order = sampleOrder({ transaction: 'tcc', payment: { method }, shippingAddress: address });
        const { orderId } = await orders.orders.start(order);
        const view = await orders.orders.waitForOutcome(orderId, { timeoutMs: 120_000 });
        if (view === undefined) throw new Error(`${method} to ${country} came to no end`);
        ends[`${method} to ${country}`] = endOf(view);
        views.push(view);
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, customer));
    const expected = ORDERS.map((one) => [`${one.method} to ${one.country}`, expectedEnd(one)] as const);
    expect(ends).toEqual(Object.fromEntries(expected));

    for (const view of views) {
      await eventually(
        () => breachesOf(view),
        (breaches) => breaches.length === 0,
        `the trace of ${endOf(view)} is clean`,
      );
    }

    const { ok, violations, stock, money } = await orders.audit();
    expect({ ok, violations }).toEqual({ ok: true, violations: [] });
    expect(stock.every(({ reserved }) => reserved === 0)).toBe(true);
    expect(money.held).toBe(0);

    const parked = views.filter(({ status }) => status === 'needs_attention');
    expect(parked).toHaveLength(2);
    const skip = { step: 'reverse_payment', by: 'op_1', reason: 'paid back by bank transfer' } as const;
    for (const { orderId } of parked) {
      await orders.orders.skipCompensation(orderId, skip);
      const ended = await orders.orders.waitForOutcome(orderId, { timeoutMs: 60_000 });
      expect(ended?.status).toBe('failed');
    }
    const after = await orders.audit();
    expect(after.violations).toEqual([]);
    expect(after.debts).toHaveLength(parked.length);
    expect(after.debts[0]).toMatchObject({ step: 'reverse_payment', skippedBy: 'op_1' });
  });
});
