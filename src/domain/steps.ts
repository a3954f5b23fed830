/** What an order's whole transaction is called, on its span and in its metrics. */
export const ORDER_TRANSACTION = 'Create Order';

/** What the guardian's clean-up of an order is called, on its span and in its metrics. */
export const ORDER_SETTLEMENT = 'Settle Order';

/**
 * The steps of an order and what undoes each: the one place that owns their names.
 *
 * `name` and `compensation.name` are identifiers (span attribute, JSON, idempotency key, CLI argument);
 * `title`s are the words of span names and of what people read. `events` and `failedStatus` are what the
 * saga's span says of the step. `unavailableCode` is the order's failure code when the step's outcome stayed
 * unknown.
 */
const CREATE_ORDER = {
  number: 1,
  name: 'create_order',
  title: 'Create Order',
  compensation: { name: 'cancel_order', title: 'Cancel Order' },
  events: { done: 'Order created' },
  failedStatus: 'Failed to create order',
  unavailableCode: 'order_unavailable',
} as const;

const INVENTORY = {
  failedEvent: 'Inventory reservation failed, starting compensation',
  failedStatus: 'Saga failed at inventory step',
  unavailableCode: 'inventory_unavailable',
} as const;

const PAYMENT = {
  failedEvent: 'Payment failed, starting compensation',
  failedStatus: 'Saga failed at payment step',
  unavailableCode: 'payment_unavailable',
} as const;

const CREATE_SHIPMENT = {
  name: 'create_shipment',
  title: 'Create Shipment',
  compensation: { name: 'cancel_shipment', title: 'Cancel Shipment' },
  events: { done: 'Shipment created', failed: 'Shipping failed, starting compensation' },
  failedStatus: 'Saga failed at shipping step',
  unavailableCode: 'shipping_unavailable',
} as const;

/** The four steps of an order as a saga. */
export const SAGA_STEPS = [
  CREATE_ORDER,
  {
    number: 2,
    name: 'reserve_inventory',
    title: 'Reserve Inventory',
    compensation: { name: 'release_inventory', title: 'Release Inventory' },
    events: { done: 'Inventory reserved', failed: INVENTORY.failedEvent },
    failedStatus: INVENTORY.failedStatus,
    unavailableCode: INVENTORY.unavailableCode,
  },
  {
    number: 3,
    name: 'process_payment',
    title: 'Process Payment',
    compensation: { name: 'refund_payment', title: 'Refund Payment' },
    events: { done: 'Payment processed', failed: PAYMENT.failedEvent },
    failedStatus: PAYMENT.failedStatus,
    unavailableCode: PAYMENT.unavailableCode,
  },
  { number: 4, ...CREATE_SHIPMENT },
] as const;

/**
 * The steps of an order whose stock and money are a TCC transaction: those with a `phase` have no span of their own but
 * are parts of the transaction, and `events.done` and `compensation.doneEvent` are what their phase's span says.
 */
export const TCC_STEPS = [
  CREATE_ORDER,
  {
    number: 2,
    phase: 'try',
    name: 'try_inventory',
    title: 'Try Inventory',
    compensation: { name: 'cancel_inventory', title: 'Cancel Inventory', doneEvent: 'Inventory cancelled' },
    events: { done: 'Inventory try succeeded', failed: INVENTORY.failedEvent },
    failedStatus: INVENTORY.failedStatus,
    unavailableCode: INVENTORY.unavailableCode,
  },
  {
    number: 3,
    phase: 'try',
    name: 'try_payment',
    title: 'Try Payment',
    compensation: { name: 'cancel_payment', title: 'Cancel Payment', doneEvent: 'Payment cancelled' },
    events: { done: 'Payment try succeeded', failed: PAYMENT.failedEvent },
    failedStatus: PAYMENT.failedStatus,
    unavailableCode: PAYMENT.unavailableCode,
  },
  {
    number: 4,
    phase: 'confirm',
    name: 'confirm_inventory',
    title: 'Confirm Inventory',
    compensation: { name: 'reverse_inventory', title: 'Reverse Inventory', doneEvent: 'Inventory reversed' },
    events: { done: 'Inventory confirmed', failed: INVENTORY.failedEvent },
    failedStatus: INVENTORY.failedStatus,
    unavailableCode: INVENTORY.unavailableCode,
  },
  {
    number: 5,
    phase: 'confirm',
    name: 'confirm_payment',
    title: 'Confirm Payment',
    compensation: { name: 'reverse_payment', title: 'Reverse Payment', doneEvent: 'Payment reversed' },
    events: { done: 'Payment confirmed', failed: PAYMENT.failedEvent },
    failedStatus: PAYMENT.failedStatus,
    unavailableCode: PAYMENT.unavailableCode,
  },
  { number: 6, ...CREATE_SHIPMENT },
] as const;

export type OrderStep = (typeof SAGA_STEPS | typeof TCC_STEPS)[number];
export type StepName = OrderStep['name'];
export type CompensationName = OrderStep['compensation']['name'];

/** The steps of an order by its kind of transaction. */
export const STEPS_OF: Readonly<Record<'saga' | 'tcc', readonly OrderStep[]>> = {
  saga: SAGA_STEPS,
  tcc: TCC_STEPS,
};

/** With this step done, the customer has paid. */
export const PAYING_STEP = { saga: 'process_payment', tcc: 'confirm_payment' } as const satisfies Readonly<
  Record<'saga' | 'tcc', StepName>
>;

/** Every step that any order has; those of both kinds are there once, as a saga has them. */
export const ALL_STEPS: readonly OrderStep[] = [
  ...SAGA_STEPS,
  ...TCC_STEPS.filter(({ name }) => !SAGA_STEPS.some((step) => step.name === name)),
];
