/**
 * The four steps of an order and what undoes each: the one place that owns their names.
 *
 * `name` and `compensation.name` are identifiers (span attribute, JSON, idempotency key, CLI argument);
 * `title`s are the words of span names and of what people read.
 */
export const ORDER_STEPS = [
  {
    number: 1,
    name: 'create_order',
    title: 'Create Order',
    compensation: { name: 'cancel_order', title: 'Cancel Order' },
  },
  {
    number: 2,
    name: 'reserve_inventory',
    title: 'Reserve Inventory',
    compensation: { name: 'release_inventory', title: 'Release Inventory' },
  },
  {
    number: 3,
    name: 'process_payment',
    title: 'Process Payment',
    compensation: { name: 'refund_payment', title: 'Refund Payment' },
  },
  {
    number: 4,
    name: 'create_shipment',
    title: 'Create Shipment',
    compensation: { name: 'cancel_shipment', title: 'Cancel Shipment' },
  },
] as const;

export type OrderStep = (typeof ORDER_STEPS)[number];
export type StepName = OrderStep['name'];
export type CompensationName = OrderStep['compensation']['name'];

/** The step called `name`, with its number, title and compensation. */
export function orderStep<N extends StepName>(name: N): Extract<OrderStep, { name: N }> {
  return ORDER_STEPS.find((step) => step.name === name) as Extract<OrderStep, { name: N }>;
}
