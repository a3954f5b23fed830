import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TransactionKind } from '../../src/domain/order';
import type { Orders } from '../../src/orders/open-orders';
import { eventually } from '../support/eventually';
import { sampleOrder } from '../support/orders';
import { TestStack } from '../support/stack';

const HOUR_MS = String(3_600_000);
const ALL = 100;

describe('an order for all that is left, whose payment is being tried', () => {
  let stack: TestStack;
  let orders: Orders;

  beforeAll(async () => {
    stack = await TestStack.start({
      // The card is refused once, and then not asked again for an hour.
      SAGA_STEP_BACKOFF_INITIAL_MS_TRY_PAYMENT: HOUR_MS,
      SAGA_STEP_BACKOFF_MAX_MS_TRY_PAYMENT: HOUR_MS,
      SAGA_STEP_BACKOFF_INITIAL_MS_PROCESS_PAYMENT: HOUR_MS,
      SAGA_STEP_BACKOFF_MAX_MS_PROCESS_PAYMENT: HOUR_MS,
      TCC_HOLD_TTL_MS: HOUR_MS,
    });
    orders = await stack.openOrders();
  });
  afterAll(async () => {
    await orders.close();
    await stack.stop();
  });

  const stockOf = async (sku: string) => {
    const { stock, violations } = await orders.audit();
    expect(violations).toEqual([]);
    return stock.find((row) => row.sku === sku);
  };

  it.each<[TransactionKind, string, object]>([
    ['saga', 'process_payment', { free: 0, reserved: 0, sold: ALL }],
    ['tcc', 'try_payment', { free: 0, reserved: ALL, sold: 0 }],
  ])('shows stock as sold before it is only when it is a saga: as a %s', async (transaction, step, stock) => {
    const items = [{ sku: 'SKU-RARE', quantity: ALL }];
    const order = sampleOrder({ transaction, items, payment: { method: 'pm_card_flaky' } });
    const { orderId } = await orders.orders.start(order);
    await eventually(
      () => orders.orders.get(orderId),
      ({ steps }) => steps.some((view) => view.step === step && view.state === 'running'),
      'the payment is being tried',
    );
    expect(await stockOf('SKU-RARE')).toMatchObject(stock);

    // Nobody gets what is reserved, of either kind.
    for (const other of ['saga', 'tcc'] as const) {
      const late = sampleOrder({ transaction: other, items: [{ sku: 'SKU-RARE', quantity: 1 }] });
      await orders.orders.start(late);
      const view = await orders.orders.waitForOutcome(late.orderId, { timeoutMs: 60_000 });
      expect(view?.failure?.code).toBe('out_of_stock');
    }

    await orders.orders.cancel(orderId, { by: 'cus_1' });
    expect((await orders.orders.waitForOutcome(orderId, { timeoutMs: 60_000 }))?.status).toBe('cancelled');
    expect(await stockOf('SKU-RARE')).toMatchObject({ free: ALL, reserved: 0, sold: 0 });
  });
});
