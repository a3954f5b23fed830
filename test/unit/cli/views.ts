import type { OrderView } from '../../../src/domain/order';

/** An order whose payment was declined, and undone. */
export const DECLINED: OrderView = {
  orderId: 'o-1',
  workflowId: 'order-o-1',
  runId: 'run',
  transaction: 'saga',
  status: 'failed',
  customerId: 'cus_1',
  items: [{ sku: 'SKU-KEYBOARD', quantity: 2 }],
  amount: { value: 5998, currency: 'EUR' },
  traceId: '0af7651916cd43dd8448eb211c80319c',
  failure: { code: 'payment_declined', step: 'process_payment', message: 'card declined' },
  steps: [
    { step: 'create_order', number: 1, state: 'done', attempts: 1 },
    {
      step: 'reserve_inventory',
      number: 2,
      state: 'done',
      attempts: 2,
      startedAt: '2026-01-01T00:00:00.000Z',
      endedAt: '2026-01-01T00:00:00.250Z',
    },
    { step: 'process_payment', number: 3, state: 'failed', attempts: 1, error: 'card declined' },
    { step: 'create_shipment', number: 4, state: 'skipped', attempts: 0 },
  ],
  compensations: [
    { step: 'release_inventory', undoes: 'reserve_inventory', state: 'done', attempts: 1 },
    { step: 'cancel_order', undoes: 'create_order', state: 'done', attempts: 1 },
  ],
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:01.000Z',
};

/** An order whose refund was refused: it waits for an operator. */
export const PARKED: OrderView = {
  ...DECLINED,
  status: 'needs_attention',
  failure: { code: 'shipping_unavailable', step: 'create_shipment', message: 'no carrier' },
  compensations: [
    {
      step: 'refund_payment',
      undoes: 'process_payment',
      state: 'failed',
      attempts: 3,
      error: 'refund refused',
    },
  ],
};

/** An order that is at its second step. */
export const AT_WORK: OrderView = {
  ...DECLINED,
  status: 'running',
  steps: DECLINED.steps.map((step) => ({
    ...step,
    state: step.number === 1 ? ('done' as const) : step.number === 2 ? ('running' as const) : 'pending',
  })),
  compensations: [],
};
