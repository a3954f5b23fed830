import { toMajorUnits } from '../domain/money';
import type { OrderView } from '../domain/order';
import { SAGA_STEPS } from '../domain/steps';
import type { OrderWorkflowInput } from './definitions';
import { createOrder, createShipment } from './order-steps';
import { runOrder } from './run-order';
import { undosOf } from './undo';

const [createOrderStep, reserveInventory, processPayment, createShipmentStep] = SAGA_STEPS;

/**
 * An order as a saga: it ends `completed` with all four steps done, or `failed` or `cancelled` with everything
 * undone in reverse. While an undo cannot be finished it waits as `needs_attention`.
 *
 *     create order → reserve inventory → charge payment → create shipment
 *          ↑                ↑                  ↑                 ↑
 *     cancel order ← release inventory ← refund payment ← cancel shipment
 */
export function orderSaga(input: OrderWorkflowInput): Promise<OrderView> {
  const { order, amount } = input;
  const { orderId, items } = order;
  const undo = undosOf(orderId);
  return runOrder(input, async (saga, progress) => {
    // 1. Create the order.
    await createOrder(saga, createOrderStep, input);

    // 2. Reserve the stock, at the price that was quoted; released if anything later fails.
    await saga.step(reserveInventory, {
      action: ({ activities, key }) =>
        activities.reserveInventory({ key, orderId, items, expectedAmount: amount }),
      compensate: undo.release_inventory,
      attributes: { 'items.count': items.length },
    });

    // 3. Take the money; refunded if anything later fails, and also if nobody knows whether it was taken.
    const { paymentId } = await saga.step(processPayment, {
      action: ({ activities, key }) =>
        activities.processPayment({ key, orderId, amount, method: order.payment.method }),
      compensate: undo.refund_payment,
      attributes: { 'payment.amount': toMajorUnits(amount), 'payment.currency': amount.currency },
    });
    progress.paymentId = paymentId;

    // 4. Ship.
    const { shipmentId } = await createShipment(saga, createShipmentStep, input);
    progress.shipmentId = shipmentId;
  });
}
