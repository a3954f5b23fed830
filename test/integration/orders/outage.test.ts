import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Orders } from '../../../src/orders/open-orders';
import { eventually } from '../../support/eventually';
import { sampleOrder } from '../../support/orders';
import { RecordingProxy } from '../../support/recording-proxy';
import { TestStack } from '../../support/stack';

const [INITIAL_MS, MAX_MS] = [10, 400];
const ORDERS = 8;
/** Pauses of the longest kind that each order sits through: an "hour", as policies of minutes would have it. */
const LONG_PAUSES = 6;

let proxy: RecordingProxy;
let stack: TestStack;
let session: Orders;
beforeAll(async () => {
  proxy = await RecordingProxy.start();
  stack = await TestStack.start(
    {
      PAYMENT_SERVICE_URL: proxy.url,
      SAGA_STEP_MAX_ATTEMPTS: '1000',
      SAGA_STEP_BACKOFF_INITIAL_MS: String(INITIAL_MS),
      SAGA_STEP_BACKOFF_MAX_MS: String(MAX_MS),
    },
    ['order', 'inventory', 'payment', 'shipping', 'worker'],
  );
  proxy.target = `http://127.0.0.1:${String(stack.config.services.payment.port)}`;
  session = await stack.openOrders();
});
afterAll(async () => {
  await session.close();
  await stack.stop();
  await proxy.stop();
});

/** When each order was asked for at the payment service, ms. */
function watchPayments(): Map<string, number[]> {
  const times = new Map<string, number[]>();
  proxy.answer = ({ route, body }) => {
    if (route !== 'POST /payments') return undefined;
    const { orderId } = JSON.parse(body) as { orderId: string };
    times.set(orderId, [...(times.get(orderId) ?? []), performance.now()]);
    return { status: 503, body: { title: 'away', status: 503 } };
  };
  return times;
}

describe('a service that is away for long', () => {
  it('is asked a bounded number of times by each order, and not by all at once', async () => {
    const times = watchPayments();
    const ids = await Promise.all(
      Array.from({ length: ORDERS }, async () => (await session.orders.start(sampleOrder())).orderId),
    );
    const growth = Math.ceil(Math.log2(MAX_MS / INITIAL_MS));
    await eventually(
      () => times,
      (calls) => ids.every((id) => (calls.get(id)?.length ?? 0) >= growth + LONG_PAUSES),
      'every order has sat through some of the longest pauses',
    );
    proxy.answer = () => undefined;

    const longPauses: number[] = [];
    for (const id of ids) {
      const calls = times.get(id)!;
      const away = calls.at(-1)! - calls[0]!;
      // Each pause of the longest kind is half of it at least.
      expect(calls.length).toBeLessThanOrEqual(growth + 1 + Math.ceil(away / (MAX_MS / 2)));
      longPauses.push(
        ...calls
          .slice(1)
          .map((at, index) => at - calls[index]!)
          .slice(growth),
      );
    }
    // Without jitter, none is shorter than what the policy says.
    expect(Math.min(...longPauses)).toBeLessThan(MAX_MS);
    for (const id of ids) {
      expect((await session.orders.waitForOutcome(id, { timeoutMs: 60_000 }))?.status).toBe('completed');
    }
    expect((await session.audit()).violations).toEqual([]);
  });

  it('is asked once for what it refuses for good, until an operator asks again', async () => {
    let refunds = 0;
    proxy.answer = ({ route }) => {
      if (route === 'POST /refunds') refunds++;
      return undefined;
    };
    const { shippingAddress } = sampleOrder();
    const { orderId } = await session.orders.start(
      sampleOrder({
        payment: { method: 'pm_card_refund_fails' },
        shippingAddress: { ...shippingAddress, country: 'AQ' },
      }),
    );
    const parked = await session.orders.waitForOutcome(orderId, { timeoutMs: 60_000 });
    expect([parked?.status, refunds]).toEqual(['needs_attention', 1]);
    await session.orders.retryCompensation(orderId, { by: 'ada' });
    await eventually(
      () => session.orders.get(orderId),
      ({ compensations }) => compensations.some(({ state, attempts }) => state === 'failed' && attempts > 0),
      'it was refused again',
    );
    await eventually(
      () => refunds,
      (times) => times === 2,
      'it was asked again, once',
    );
  });
});
