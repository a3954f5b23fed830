import type { OrderView } from '../../../src/domain/order';
import { SAGA_STEPS } from '../../../src/domain/steps';
import type { StoredSpan } from '../../../src/telemetry/stored-span';
import { event, exception, running, saga, span, start, step, undo } from './sample-spans';

const [CREATE, RESERVE, PAY, SHIP] = SAGA_STEPS;

const ITEMS = { 'items.count': 1 };
const MONEY = { 'payment.amount': 59.98, 'payment.currency': 'EUR' };

/** The spans of an order whose payment was declined at the second attempt, as they should be. */
export function declinedTrace(): StoredSpan[] {
  const declined = ['payment_declined', 'declined'] as const;
  return [
    ...start(160),
    saga(150, {
      status: { code: 'ERROR', message: 'Saga failed at payment step' },
      attributes: { 'saga.result': 'Saga failed at payment step', 'error.type': 'payment_declined' },
      events: [
        event('Order created', { 'order.id': 'o-1' }),
        event('Inventory reserved'),
        exception(...declined),
        event('Payment failed, starting compensation'),
      ],
    }),
    ...step(CREATE, { spanId: 's1', from: 30, to: 50 }),
    ...httpCall('s1-try1'),
    ...step(RESERVE, { spanId: 's2', from: 50, to: 70, attributes: ITEMS }),
    ...step(PAY, { spanId: 's3', from: 70, to: 90, attempts: 2, failed: declined, attributes: MONEY }),
    ...undo(RESERVE, { spanId: 'c2', from: 90, to: 110 }),
    ...undo(CREATE, { spanId: 'c1', from: 110, to: 130 }),
  ];
}

/** A call, its answer and the database behind it: `http`, `server`, `db`. */
function httpCall(parentSpanId: string): StoredSpan[] {
  const method = { 'http.request.method': 'POST' };
  return [
    span(31, 34, {
      spanId: 'http',
      name: 'POST /orders',
      parentSpanId,
      attributes: { ...method, 'url.full': 'http://h/orders' },
    }),
    span(32, 33, {
      spanId: 'server',
      name: 'POST /orders',
      parentSpanId: 'http',
      kind: 'SERVER',
      attributes: { ...method, 'url.path': '/orders' },
    }),
    span(32, 33, {
      spanId: 'db',
      name: 'INSERT orders',
      parentSpanId: 'server',
      attributes: { 'db.system.name': 'sqlite' },
    }),
  ];
}

/** The spans of an order that waits for an operator: the refund was refused twice, the second time on request. */
export function parkedTrace(): StoredSpan[] {
  const noCarrier = ['shipping_unavailable', 'no carrier'] as const;
  const refused = ['refund_refused', 'no refunds'] as const;
  const failed = event('Compensation failed', {
    'saga.step': 'refund_payment',
    'exception.message': 'no refunds',
  });
  const [root, started, run] = start(400);
  return [
    root!,
    started!,
    running(run!),
    running(
      saga(400, {
        events: [
          event('Order created', { 'order.id': 'o-1' }),
          event('Inventory reserved'),
          event('Payment processed'),
          exception(...noCarrier),
          event('Shipping failed, starting compensation'),
          failed,
          failed,
        ],
      }),
    ),
    ...step(CREATE, { spanId: 's1', from: 30, to: 50 }),
    ...step(RESERVE, { spanId: 's2', from: 50, to: 70, attributes: ITEMS }),
    ...step(PAY, { spanId: 's3', from: 70, to: 90, attributes: MONEY }),
    ...step(SHIP, { spanId: 's4', from: 90, to: 110, failed: noCarrier }),
    ...undo(PAY, { spanId: 'c3', from: 110, to: 130, failed: refused }),
    ...undo(RESERVE, { spanId: 'c2', from: 130, to: 150 }),
    ...undo(CREATE, { spanId: 'c1', from: 150, to: 170 }),
    ...undo(PAY, { spanId: 'c3b', from: 300, to: 320, failed: refused }),
  ];
}

/** What the sample orders have in common. */
export const ORDER = {
  orderId: 'o-1',
  workflowId: 'order-o-1',
  runId: 'run-1',
  transaction: 'saga',
  customerId: 'cus_1',
  items: [{ sku: 'SKU-KEYBOARD', quantity: 2 }],
  amount: { value: 5998, currency: 'EUR' },
  traceId: 't',
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:01.000Z',
} as const;

/** The order of {@link declinedTrace}. */
export const DECLINED: OrderView = {
  ...ORDER,
  status: 'failed',
  failure: { code: 'payment_declined', step: 'process_payment', message: 'declined' },
  steps: [
    { step: 'create_order', number: 1, state: 'done', attempts: 1 },
    { step: 'reserve_inventory', number: 2, state: 'done', attempts: 1 },
    { step: 'process_payment', number: 3, state: 'failed', attempts: 2, error: 'declined' },
    { step: 'create_shipment', number: 4, state: 'skipped', attempts: 0 },
  ],
  compensations: [
    { step: 'release_inventory', undoes: 'reserve_inventory', state: 'done', attempts: 1 },
    { step: 'cancel_order', undoes: 'create_order', state: 'done', attempts: 1 },
  ],
};

/** The order of {@link parkedTrace}. */
export const PARKED: OrderView = {
  ...ORDER,
  status: 'needs_attention',
  failure: { code: 'shipping_unavailable', step: 'create_shipment', message: 'no carrier' },
  steps: [
    { step: 'create_order', number: 1, state: 'done', attempts: 1 },
    { step: 'reserve_inventory', number: 2, state: 'done', attempts: 1 },
    { step: 'process_payment', number: 3, state: 'done', attempts: 1 },
    { step: 'create_shipment', number: 4, state: 'failed', attempts: 1, error: 'no carrier' },
  ],
  compensations: [
    { step: 'refund_payment', undoes: 'process_payment', state: 'failed', attempts: 2, error: 'no refunds' },
    { step: 'release_inventory', undoes: 'reserve_inventory', state: 'done', attempts: 1 },
    { step: 'cancel_order', undoes: 'create_order', state: 'done', attempts: 1 },
  ],
};
