import type { OrderView } from '../domain/order';
import { TCC_STEPS } from '../domain/steps';
import type { OrderWorkflowInput } from './definitions';
import { createOrder, createShipment } from './order-steps';
import { runOrder } from './run-order';
import { undosOf } from './undo';

const [createOrderStep, tryInventory, tryPayment, confirmInventory, confirmPayment, createShipmentStep] =
  TCC_STEPS;

/**
 * An order whose stock and money are one TCC transaction inside of the saga: until both are held nothing is sold and
 * nothing is paid. It ends as an order of {@link orderSaga} does.
 *
 *     create order → ┌ hold stock → hold money ┐ → sell and capture → create shipment
 *          ↑         └───── cancel both ───────┘        ↑                   ↑
 *     cancel order ← ───────────────────────────── reverse both ← ── cancel shipment
 *
 * Cancelled by the customer: before both are held, the holds are cancelled; after that, what is under way is confirmed
 * first and then reversed.
 */
export function orderTcc(input: OrderWorkflowInput): Promise<OrderView> {
  const { order, amount } = input;
  const { orderId, items } = order;
  const undo = undosOf(orderId);
  return runOrder(input, async (saga, progress) => {
    // 1. Create the order.
    await createOrder(saga, createOrderStep, input);

    // 2. Hold the stock, at the price that was quoted, and the money; then, and only then, take both.
    await saga.tcc({
      inventory: {
        plan: { try: tryInventory, confirm: confirmInventory },
        try: ({ activities, key }) =>
          activities.tryInventory({ key, orderId, items, expectedAmount: amount }),
        confirm: ({ activities, ...keys }) => activities.confirmInventory({ ...keys, orderId }),
        cancel: undo.cancel_inventory,
        reverse: undo.reverse_inventory,
      },
      payment: {
        plan: { try: tryPayment, confirm: confirmPayment },
        try: async ({ activities, key }) => {
          const held = await activities.tryPayment({ key, orderId, amount, method: order.payment.method });
          progress.paymentId = held.value.paymentId;
          return held;
        },
        confirm: ({ activities, ...keys }) => activities.confirmPayment({ ...keys, orderId }),
        cancel: undo.cancel_payment,
        reverse: undo.reverse_payment,
      },
    });

    // 3. Ship.
    const { shipmentId } = await createShipment(saga, createShipmentStep, input);
    progress.shipmentId = shipmentId;
  });
}
