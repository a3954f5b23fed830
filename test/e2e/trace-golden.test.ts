import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OrderView } from '../../src/domain/order';
import type { StoredSpan } from '../../src/telemetry/stored-span';
import { openTraceStore } from '../../src/telemetry/trace-store';
import { lintTrace } from '../../src/traces/lint-trace';
import { json, orders } from '../support/cli';
import { eventually } from '../support/eventually';
import { asGolden } from '../support/golden-trace';
import { TestStack } from '../support/stack';
import * as golden from './golden/outcomes';
import type { GoldenTrace } from './golden/spans';

let stack: TestStack;
beforeAll(async () => {
  stack = await TestStack.start();
});
afterAll(() => stack.stop());

const items = (...list: string[]) => list.flatMap((item) => ['--item', item]);
/** Two lines, three pieces, 79.97 EUR. */
const ITEMS = items('SKU-KEYBOARD=2', 'SKU-MOUSE=1');
const run = (...args: string[]) => orders(args, stack.environment);
/** Ids that are nothing else in a span. */
const idOf = (outcome: string) => `golden-${outcome}`;
const place = async (outcome: string, ...flags: string[]) =>
  json<OrderView & object>(await run('start', '--sample', '--json', '--order-id', idOf(outcome), ...flags));

function spansOf({ traceId }: OrderView): StoredSpan[] {
  const store = openTraceStore(stack.config);
  try {
    return store.spansOf(traceId);
  } finally {
    store.close();
  }
}

/** A span of a service ends when its answer is out, which may be a moment after its order has ended. */
async function expectTrace(order: OrderView, expected: GoldenTrace): Promise<void> {
  const spans = await eventually(
    () => spansOf(order),
    (found) => lintTrace(found, order).length === 0,
    'the trace is clean',
    5_000,
  ).catch(() => spansOf(order));
  expect(asGolden(spans, order)).toEqual(expected);
  expect(lintTrace(spans, order)).toEqual([]);
  expect(json(await run('trace', order.orderId, '--json'))).toEqual({
    traceId: order.traceId,
    complete: true,
    spans,
  });
}

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
    const order = await place(outcome, ...ITEMS, ...flags);
    expect(order.status).toBe(status);
    await expectTrace(order, expected);
  });

  it('is that of an order that ends out of stock', async () => {
    const order = await place('out-of-stock', ...items('SKU-KEYBOARD=2', 'SKU-NONE=1'));
    expect(order.failure?.code).toBe('out_of_stock');
    const shortage = reason('out_of_stock', 'SKU-NONE: 1 wanted, 0 free');
    await expectTrace(order, golden.outOfStock(shortage));
  });

  it('is that of an order that waits for an operator, and of the same order once it was given up', async () => {
    const parked = await place('parked', ...ITEMS, '--payment', 'pm_card_refund_fails', '--country', 'AQ');
    expect(parked.status).toBe('needs_attention');
    await expectTrace(parked, golden.parked(NO_CARRIER, NO_REFUND));

    const skipped = await run(
      'skip',
      parked.orderId,
      '--step',
      'refund_payment',
      '--reason',
      'by bank',
      '--json',
    );
    await expectTrace(json<OrderView & object>(skipped), golden.skipped(NO_CARRIER, NO_REFUND));
  });

  it('is that of an order that its customer cancels while shipping is being tried', async () => {
    const hour = String(3_600_000);
    const environment = {
      ...stack.environment,
      // It is cancelled in the pause after the first attempt.
      SAGA_STEP_BACKOFF_INITIAL_MS_CREATE_SHIPMENT: hour,
      SAGA_STEP_BACKOFF_MAX_MS_CREATE_SHIPMENT: hour,
    };
    const flags = [
      '--sample',
      ...ITEMS,
      '--country',
      'XX',
      '--order-id',
      idOf('cancelled'),
      '--detach',
      '--json',
    ];
    const placed = json<OrderView & object>(await orders(['start', ...flags], environment));
    await eventually(
      () => spansOf(placed),
      (spans) => spans.some(({ name, running }) => name === 'RunActivity:createShipment' && running !== true),
      'shipping has been tried once',
    );
    const cancelled = json<OrderView & object>(await run('cancel', placed.orderId, '--json'));
    expect(cancelled.status).toBe('cancelled');
    const reasonOfStep = reason('cancelled', 'cancelled while it ran');
    await expectTrace(cancelled, golden.cancelledWhileShipping(reasonOfStep));
  });
});
