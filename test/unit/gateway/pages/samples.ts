import type { CompensationView, OrderView } from '../../../../src/domain/order';
import type { IndexPageModel, OrderPageModel } from '../../../../src/gateway/pages';
import type { OrderSummary } from '../../../../src/orders/order-summary';
import { DECLINED, PARKED, declinedTrace, parkedTrace } from '../../traces/sample-trace';

/** When the pages' samples are looked at: after everything in them. */
export const NOW = new Date('2026-01-01T00:02:00.000Z');

const at = (ms: number) => new Date(Date.parse(DECLINED.createdAt) + ms).toISOString();

const { failure: _failure, ...withoutFailure } = DECLINED;

export const COMPLETED: OrderView = {
  ...withoutFailure,
  status: 'completed',
  paymentId: 'pay_1',
  shipmentId: 'shp_1',
  steps: DECLINED.steps.map(({ step, number }, index) => ({
    step,
    number,
    state: 'done',
    attempts: index + 1,
    startedAt: at(index * 100),
    endedAt: at(index * 100 + 40),
  })),
  compensations: [],
};

export const RUNNING: OrderView = {
  ...withoutFailure,
  status: 'running',
  steps: COMPLETED.steps.map((step) => {
    if (step.number === 1) return step;
    const { step: name, number } = step;
    return number === 2
      ? { step: name, number, state: 'running', attempts: 0, startedAt: at(100) }
      : { step: name, number, state: 'pending', attempts: 0 };
  }),
  compensations: [],
};

export const COMPENSATING: OrderView = {
  ...DECLINED,
  status: 'compensating',
  compensations: DECLINED.compensations.map((compensation, index): CompensationView => ({
    ...compensation,
    state: index === 0 ? 'running' : 'pending',
    attempts: 0,
    ...(index === 0 && { startedAt: at(300) }),
  })),
};

export const SKIPPED: OrderView = {
  ...PARKED,
  status: 'failed',
  compensations: PARKED.compensations.map((compensation) =>
    compensation.step === 'refund_payment'
      ? { ...compensation, state: 'skipped', skippedBy: 'dana', reason: 'Refunded by bank transfer' }
      : compensation,
  ),
};

export const CANCELLED: OrderView = {
  ...DECLINED,
  status: 'cancelled',
  failure: { code: 'cancelled', step: null, message: 'Cancelled by cus_1: changed my mind' },
  steps: DECLINED.steps.map((step) =>
    step.number === 3 ? { ...step, state: 'unknown', error: 'cancelled while it ran' } : step,
  ),
};

const { orderId, workflowId, runId, transaction, customerId, amount, traceId, createdAt } = DECLINED;

/** What Temporal knows of an order for which no worker answers. */
export const NO_WORKER: OrderSummary = {
  orderId,
  workflowId,
  runId,
  transaction,
  status: 'running',
  customerId,
  amount,
  traceId: '0af7651916cd43dd8448eb211c80319c',
  createdAt,
};

export const INTERRUPTED: OrderSummary = { ...NO_WORKER, closedAt: at(5_000), interrupted: 'terminated' };

export { DECLINED, PARKED, declinedTrace, parkedTrace, traceId };

export function orderModel(
  order: OrderPageModel['order'],
  changes: Partial<OrderPageModel> = {},
): OrderPageModel {
  return { order, spans: declinedTrace(), now: NOW, live: false, actionId: 'act-1', ...changes };
}

export function indexModel(changes: Partial<IndexPageModel> = {}): IndexPageModel {
  return {
    counts: { completed: 1234, failed: 2, needs_attention: 1 },
    filter: {},
    page: { orders: [NO_WORKER, INTERRUPTED, { ...NO_WORKER, status: 'completed' }] },
    attention: [{ order: PARKED, actionId: 'act-7' }],
    now: NOW,
    ...changes,
  };
}

/** The page of an order in every state that it can be in. */
export const ORDER_MODELS: Readonly<Record<string, OrderPageModel>> = {
  completed: orderModel(COMPLETED),
  running: orderModel(RUNNING, { live: true }),
  compensating: orderModel(COMPENSATING, { live: true }),
  declined: orderModel(DECLINED),
  parked: orderModel(PARKED, { spans: parkedTrace(), notice: 'Retry was asked for.' }),
  skipped: orderModel(SKIPPED, { spans: parkedTrace() }),
  cancelled: orderModel(CANCELLED),
  interrupted: orderModel(INTERRUPTED, { spans: parkedTrace() }),
  'without a worker': orderModel(NO_WORKER, { spans: [] }),
};
