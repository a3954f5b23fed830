import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OrderView } from '../../src/domain/order';
import type { Orders } from '../../src/orders/open-orders';
import { GatewayClient } from '../support/gateway-client';
import { TestStack } from '../support/stack';

const AT_ONCE = 1_000;
/** `GATEWAY_LOAD_ORDERS=1000` is what docs/gateway.md tells of. */
const ORDERS = Number(process.env['GATEWAY_LOAD_ORDERS'] ?? 200);
const AT_A_TIME = 50;

let stack: TestStack;
let orders: Orders;
let gateway: GatewayClient;
beforeAll(async () => {
  // What is shown is that nothing is lost or doubled, not how many milliseconds a busy machine takes for it.
  stack = await TestStack.start({ SAGA_STEP_TIMEOUT_MS: '30000', SAGA_STEP_MAX_ATTEMPTS: '10' });
  orders = await stack.openOrders();
  gateway = new GatewayClient(`http://127.0.0.1:${String(stack.config.gateway.port)}`);
});
afterAll(async () => {
  await orders.close();
  await stack.stop();
});

describe('many requests at once', () => {
  it(`makes one order of ${String(AT_ONCE)} with one key, and answers every one with it`, async () => {
    const key = { 'idempotency-key': randomUUID() };
    const customerId = 'cus_one_key';
    const answers = await Promise.all(
      Array.from({ length: AT_ONCE }, () => gateway.place<OrderView>({ customerId }, key)),
    );
    const [first] = answers;
    expect(answers.filter(({ status }) => status !== 201)).toEqual([]);
    expect(new Set(answers.map(({ body }) => JSON.stringify(body)))).toEqual(
      new Set([JSON.stringify(first?.body)]),
    );
    expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') === null)).toHaveLength(1);
    const { violations, money, orders: byStatus } = await orders.audit();
    expect({ violations, money, byStatus }).toMatchObject({
      violations: [],
      money: { charged: 5998, refunded: 0, held: 0 },
      byStatus: { completed: 1 },
    });
  });

  it(`completes ${String(ORDERS)} orders, ${String(AT_A_TIME)} at a time`, async () => {
    const waiting = Array.from({ length: ORDERS }, () => ({ orderId: `ord_${randomUUID()}` }));
    const ends = new Map<string, number>();
    const customer = async () => {
      for (let order = waiting.pop(); order !== undefined; order = waiting.pop()) {
        const { status, body } = await gateway.place<OrderView>(order, { 'idempotency-key': randomUUID() });
        const end = `${String(status)} ${body.status}`;
        ends.set(end, (ends.get(end) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, customer));
    expect(Object.fromEntries(ends)).toEqual({ '201 completed': ORDERS });
    const { violations, orders: byStatus } = await orders.audit();
    expect(violations).toEqual([]);
    expect(byStatus).toEqual({ completed: ORDERS + 1 });
  });
});
