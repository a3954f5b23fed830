import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Orders } from '../../src/orders/open-orders';
import { sampleOrder } from '../support/orders';
import { TestStack } from '../support/stack';

const ORDERS = 500;
const AT_A_TIME = 64;
const IN_STOCK = 100;

describe(`${String(ORDERS)} orders, half of them TCC, for something of which there are ${String(IN_STOCK)}`, () => {
  let stack: TestStack;
  let orders: Orders;

  beforeAll(async () => {
    // What is shown is who gets the last ones, not how many milliseconds a busy machine takes for it.
    // A hold that ends meanwhile would give its unit back too late for those that were turned away.
    stack = await TestStack.start({
      SAGA_STEP_TIMEOUT_MS: '30000',
      SAGA_STEP_MAX_ATTEMPTS: '10',
      SAGA_COMPENSATION_TIMEOUT_MS: '30000',
      TCC_HOLD_TTL_MS: '600000',
    });
    orders = await stack.openOrders();
  });
  afterAll(async () => {
    await orders.close();
    await stack.stop();
  });

  it('completes exactly as many as are in stock; the others fail as out of stock and keep nothing', async () => {
    const ends = new Map<string, number>();
    const completed = { saga: 0, tcc: 0 };
    const waiting = Array.from({ length: ORDERS }, (_, index) =>
      sampleOrder({
        transaction: index % 2 === 0 ? 'saga' : 'tcc',
        items: [{ sku: 'SKU-RARE', quantity: 1 }],
      }),
    );
    const customer = async () => {
      for (let order = waiting.pop(); order !== undefined; order = waiting.pop()) {
        const { orderId } = await orders.orders.start(order);
        const view = await orders.orders.waitForOutcome(orderId, { timeoutMs: 100_000 });
        const parked = view?.compensations.filter(({ state }) => state === 'failed') ?? [];
        const end = [
          view?.status ?? 'no end',
          view?.failure?.code,
          ...parked.map(({ step, error }) => `${step}: ${error ?? ''}`),
        ]
          .filter((part) => part !== undefined)
          .join(' ');
        ends.set(end, (ends.get(end) ?? 0) + 1);
        if (view?.status === 'completed') completed[view.transaction] += 1;
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, customer));
    expect(Object.fromEntries(ends)).toEqual({
      completed: IN_STOCK,
      'failed out_of_stock': ORDERS - IN_STOCK,
    });
    // Neither kind starves the other.
    expect(Math.min(completed.saga, completed.tcc)).toBeGreaterThan(0);
    const { violations, stock, money } = await orders.audit();
    expect(violations).toEqual([]);
    expect(stock.find(({ sku }) => sku === 'SKU-RARE')).toMatchObject({
      free: 0,
      reserved: 0,
      sold: IN_STOCK,
    });
    expect(money.held).toBe(0);
  });
});
