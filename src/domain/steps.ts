/**
 * The four steps of an order and what undoes each: the one place that owns their names.
 *
 * `name` and `compensation.name` are identifiers (span attribute, JSON, idempotency key, CLI argument);
 * `title`s are the words of span names and of what people read. `events` and `failedStatus` are what the
 * saga's span says of the step. `unavailableCode` is the order's failure code when the step's outcome stayed
 * unknown.
 */
export const ORDER_STEPS = [
  {
    number: 1,
    name: 'create_order',
    title: 'Create Order',
    compensation: { name: 'cancel_order', title: 'Cancel Order' },
    events: { done: 'Order created' },
    failedStatus: 'Failed to create order',
    unavailableCode: 'order_unavailable',
  },
  {
    number: 2,
    name: 'reserve_inventory',
    title: 'Reserve Inventory',
    compensation: { name: 'release_inventory', title: 'Release Inventory' },
    events: {
      done: 'Inventory reserved',
      failed: 'Inventory reservation failed, starting compensation',
    },
    failedStatus: 'Saga failed at inventory step',
    unavailableCode: 'inventory_unavailable',
  },
  {
    number: 3,
    name: 'process_payment',
    title: 'Process Payment',
    compensation: { name: 'refund_payment', title: 'Refund Payment' },
    events: { done: 'Payment processed', failed: 'Payment failed, starting compensation' },
    failedStatus: 'Saga failed at payment step',
    unavailableCode: 'payment_unavailable',
  },
  {
    number: 4,
    name: 'create_shipment',
    title: 'Create Shipment',
    compensation: { name: 'cancel_shipment', title: 'Cancel Shipment' },
    events: { done: 'Shipment created', failed: 'Shipping failed, starting compensation' },
    failedStatus: 'Saga failed at shipping step',
    unavailableCode: 'shipping_unavailable',
  },
] as const;

export type OrderStep = (typeof ORDER_STEPS)[number];
export type StepName = OrderStep['name'];
export type CompensationName = OrderStep['compensation']['name'];
