import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OrderView } from '../../src/domain/order';
import { GOLDEN_ITEMS, GoldenOrders } from '../support/golden-orders';
import { TestStack } from '../support/stack';
import * as golden from './golden/outcomes';
import type { GoldenTrace } from './golden/spans';

let stack: TestStack;
let orders: GoldenOrders;
beforeAll(async () => {
  stack = await TestStack.start();
  orders = new GoldenOrders(stack);
});
afterAll(() => stack.stop());

const place = (outcome: string, ...flags: string[]) => orders.place(outcome, flags);

const reason = (type: string, message: string) => ({ type, message });
const NO_CARRIER = reason('shipping_unavailable', 'No carrier delivers to AQ');
const NO_REFUND = reason('refund_refused', 'The payment provider refuses to refund this payment');
const declined = (why: string) => reason('payment_declined', `The payment was declined: ${why}`);

describe('the trace that the contract promises', () => {
  it.each<[string, string[], OrderView['status'], GoldenTrace]>([
    ['completed', [], 'completed', golden.COMPLETED],
    ['flaky', ['--payment', 'pm_card_flaky'], 'completed', golden.COMPLETED],
    [
      'declined',
      ['--payment', 'pm_card_declined'],
      'failed',
      golden.paymentFailed(declined('card declined')),
    ],
    [
      'insufficient-funds',
      ['--payment', 'pm_card_insufficient_funds'],
      'failed',
      golden.paymentFailed(declined('insufficient funds')),
    ],
    [
      'unknown-token',
      ['--payment', 'pm_nope'],
      'failed',
      golden.paymentFailed(declined('unknown payment method')),
    ],
    [
      'payment-unknown',
      ['--payment', 'pm_card_timeout'],
      'failed',
      golden.paymentUnknown(
        reason('provider_timeout', 'POST /payments: The payment provider did not answer in time'),
      ),
    ],
    ['no-carrier', ['--country', 'AQ'], 'failed', golden.shippingRefused(NO_CARRIER)],
    [
      'shipping-unknown',
      ['--country', 'XX'],
      'failed',
      golden.shippingUnknown(
        reason('carrier_unavailable', 'POST /shipments: The carrier for XX does not answer'),
      ),
    ],
  ])('is that of an order that ends %s', async (outcome, flags, status, expected) => {
    const order = await place(outcome, ...GOLDEN_ITEMS, ...flags);
    expect(order.status).toBe(status);
    await orders.expectTrace(order, expected);
  });

  it('is that of an order that ends out of stock', async () => {
    const order = await place('out-of-stock', '--item', 'SKU-KEYBOARD=2', '--item', 'SKU-NONE=1');
    expect(order.failure?.code).toBe('out_of_stock');
    const shortage = reason('out_of_stock', 'SKU-NONE: 1 wanted, 0 free');
    await orders.expectTrace(order, golden.outOfStock(shortage));
  });

  it('is that of an order that waits for an operator, and of the same order once it was given up', async () => {
    const parked = await place(
      'parked',
      ...GOLDEN_ITEMS,
      '--payment',
      'pm_card_refund_fails',
      '--country',
      'AQ',
    );
    expect(parked.status).toBe('needs_attention');
    await orders.expectTrace(parked, golden.parked(NO_CARRIER, NO_REFUND));

    const skip = ['skip', parked.orderId, '--step', 'refund_payment', '--reason', 'by bank'] as const;
    await orders.expectTrace(await orders.run(...skip), golden.skipped(NO_CARRIER, NO_REFUND));
  });

  it('is that of an order that its customer cancels while shipping is being tried', async () => {
    const flags = [...GOLDEN_ITEMS, '--country', 'XX'];
    const pause = { activity: 'createShipment', pause: 'CREATE_SHIPMENT' };
    const cancelled = await orders.cancelled('cancelled', flags, pause);
    expect(cancelled.status).toBe('cancelled');
    const reasonOfStep = reason('cancelled', 'cancelled while it ran');
    await orders.expectTrace(cancelled, golden.cancelledWhileShipping(reasonOfStep));
  });
});
