import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Order, OrderView, TransactionKind } from '../../../src/domain/order';
import { PAYING_STEP } from '../../../src/domain/steps';
import { eventually } from '../../support/eventually';
import { sampleOrder } from '../../support/orders';
import { TestStack } from '../../support/stack';

let stack: TestStack;
beforeAll(async () => {
  stack = await TestStack.start({ SAGA_STEP_MAX_ATTEMPTS: '1000' });
});
afterAll(() => stack.stop());

const url = (path: string) => `http://127.0.0.1:${String(stack.config.gateway.port)}${path}`;

function place(changes: Partial<Order>): Promise<Response> {
  return fetch(url('/orders'), {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'wait=payment' },
    body: JSON.stringify(sampleOrder(changes)),
  });
}

const orderOf = async (response: Response) => (await response.json()) as OrderView;

it.each<TransactionKind>(['saga', 'tcc'])(
  'with Prefer: wait=payment, an order is answered once it is paid, and what follows is as durable: %s',
  async (transaction) => {
    // No carrier answers there: the shipment is tried again and again.
    const shippingAddress = { ...sampleOrder().shippingAddress, country: 'XX' };
    const answer = await place({ transaction, shippingAddress });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('preference-applied')).toBe('wait=payment');
    const { orderId, status, steps, paymentId } = await orderOf(answer);
    expect([status, typeof paymentId]).toEqual(['running', 'string']);
    expect(steps.find(({ step }) => step === PAYING_STEP[transaction])?.state).toBe('done');
    expect(steps.find(({ step }) => step === 'create_shipment')?.state).not.toBe('done');

    // It is an order like any other.
    await fetch(url(`/orders/${orderId}/cancel`), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    await eventually(
      async () => (await orderOf(await fetch(url(`/orders/${orderId}`)))).status,
      (now) => now === 'cancelled',
      'it is cancelled',
    );
  },
);

it('an order that is not paid is answered by its outcome', async () => {
  const answer = await place({ payment: { method: 'pm_card_declined' } });
  expect(answer.status).toBe(402);
  expect(answer.headers.get('preference-applied')).toBeNull();
});

it('an order that asks late is answered as well', async () => {
  const order = { orderId: 'early-1' };
  expect((await place(order)).status).toBe(201);
  await eventually(
    async () => (await orderOf(await fetch(url('/orders/early-1')))).status,
    (now) => now === 'completed',
    'it is completed',
  );
  const again = await place(order);
  expect([again.status, (await orderOf(again)).status]).toEqual([201, 'completed']);
});
