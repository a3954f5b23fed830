import type { StoredSpan } from '../../../src/telemetry/stored-span';

/**
 * A span of the business as section 4 of the contract has it. Written by hand: whatever the program says, this is
 * what was promised. `<order>` and `<run>` stand for the ids of the order and of its workflow's run; a parent and
 * the targets of links are named.
 */
export interface GoldenSpan {
  readonly name: string;
  readonly parent: string;
  readonly kind: StoredSpan['kind'];
  readonly service: string;
  readonly status: StoredSpan['status'];
  readonly attributes: StoredSpan['attributes'];
  readonly events: readonly { readonly name: string; readonly attributes: StoredSpan['attributes'] }[];
  readonly links: readonly string[];
  readonly running?: true;
}

/** The saga's span, then what is below it in the order in which it began. */
export type GoldenTrace = readonly GoldenSpan[];

export const OK = { code: 'OK' } as const;
export const SAGA = 'Saga: Create Order';
export const COMMON = { 'order.id': '<order>', 'saga.id': '<run>' };

/** A step or compensation that went well, without its name and attributes. */
export const step = {
  parent: SAGA,
  kind: 'CLIENT',
  service: 'order-service',
  status: OK,
  events: [],
  links: [],
} as const;

export const CREATE_ORDER: GoldenSpan = {
  ...step,
  name: 'Step: Create Order',
  attributes: {
    'saga.step': 'create_order',
    'saga.step.number': 1,
    'saga.step.type': 'action',
    ...COMMON,
  },
};

export const RESERVE_INVENTORY: GoldenSpan = {
  ...step,
  name: 'Step: Reserve Inventory',
  attributes: {
    'saga.step': 'reserve_inventory',
    'saga.step.number': 2,
    'saga.step.type': 'action',
    ...COMMON,
    'items.count': 2,
  },
};

export const PROCESS_PAYMENT: GoldenSpan = {
  ...step,
  name: 'Step: Process Payment',
  attributes: {
    'saga.step': 'process_payment',
    'saga.step.number': 3,
    'saga.step.type': 'action',
    ...COMMON,
    'payment.amount': 79.97,
    'payment.currency': 'EUR',
  },
};

export const CREATE_SHIPMENT: GoldenSpan = {
  ...step,
  name: 'Step: Create Shipment',
  attributes: {
    'saga.step': 'create_shipment',
    'saga.step.number': 4,
    'saga.step.type': 'action',
    ...COMMON,
  },
};

export const CANCEL_SHIPMENT: GoldenSpan = {
  ...step,
  name: 'Compensation: Cancel Shipment',
  attributes: {
    'saga.step': 'cancel_shipment',
    'saga.step.number': 4,
    'saga.step.type': 'compensation',
    ...COMMON,
  },
  links: ['Step: Create Shipment'],
};

export const REFUND_PAYMENT: GoldenSpan = {
  ...step,
  name: 'Compensation: Refund Payment',
  attributes: {
    'saga.step': 'refund_payment',
    'saga.step.number': 3,
    'saga.step.type': 'compensation',
    ...COMMON,
  },
  links: ['Step: Process Payment'],
};

export const RELEASE_INVENTORY: GoldenSpan = {
  ...step,
  name: 'Compensation: Release Inventory',
  attributes: {
    'saga.step': 'release_inventory',
    'saga.step.number': 2,
    'saga.step.type': 'compensation',
    ...COMMON,
  },
  links: ['Step: Reserve Inventory'],
};

export const CANCEL_ORDER: GoldenSpan = {
  ...step,
  name: 'Compensation: Cancel Order',
  attributes: {
    'saga.step': 'cancel_order',
    'saga.step.number': 1,
    'saga.step.type': 'compensation',
    ...COMMON,
  },
  links: ['Step: Create Order'],
};

/** What the saga's span tells as it goes. */
export const EVENTS = {
  orderCreated: { name: 'Order created', attributes: { 'order.id': '<order>' } },
  inventoryReserved: { name: 'Inventory reserved', attributes: {} },
  paymentProcessed: { name: 'Payment processed', attributes: {} },
  shipmentCreated: { name: 'Shipment created', attributes: {} },
  inventoryFailed: { name: 'Inventory reservation failed, starting compensation', attributes: {} },
  paymentFailed: { name: 'Payment failed, starting compensation', attributes: {} },
  shippingFailed: { name: 'Shipping failed, starting compensation', attributes: {} },
} as const;

/** Why something failed: the code for programs and the words for people. */
export interface Reason {
  readonly type: string;
  readonly message: string;
}

export const exception = ({ type, message }: Reason) => ({
  name: 'exception',
  attributes: { 'exception.type': type, 'exception.message': message },
});

/** An ERROR has the reason as its description, its type, and an `exception` event. */
export function failed(span: GoldenSpan, reason: Reason): GoldenSpan {
  return {
    ...span,
    status: { code: 'ERROR', message: reason.message },
    attributes: { ...span.attributes, 'error.type': reason.type },
    events: [exception(reason)],
  };
}

type WorkflowType = 'orderSaga' | 'orderTcc';

const saga = (workflow: WorkflowType) =>
  ({
    name: SAGA,
    parent: `RunWorkflow:${workflow}`,
    kind: 'INTERNAL',
    service: 'order-service',
    links: [],
  }) as const;

const SAGA_ATTRIBUTES = {
  'saga.type': 'orchestration',
  ...COMMON,
  'customer.id': 'cus_1',
  'items.count': 2,
};

/** `saga.result` stands in for the description, which OpenTelemetry drops when the status is OK. */
export function completedSaga(
  events: GoldenSpan['events'],
  workflow: WorkflowType = 'orderSaga',
): GoldenSpan {
  return {
    ...saga(workflow),
    status: OK,
    attributes: { ...SAGA_ATTRIBUTES, 'saga.result': 'Saga completed successfully' },
    events,
  };
}

export function failedSaga(
  result: string,
  type: string,
  events: GoldenSpan['events'],
  workflow: WorkflowType = 'orderSaga',
): GoldenSpan {
  return {
    ...saga(workflow),
    status: { code: 'ERROR', message: result },
    attributes: { ...SAGA_ATTRIBUTES, 'saga.result': result, 'error.type': type },
    events,
  };
}

export function runningSaga(events: GoldenSpan['events'], workflow: WorkflowType = 'orderSaga'): GoldenSpan {
  return { ...saga(workflow), status: { code: 'UNSET' }, attributes: SAGA_ATTRIBUTES, events, running: true };
}
