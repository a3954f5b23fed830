import { setHandler } from '@temporalio/workflow';
import type { OrderActivities } from '../activities/activities';
import { toMajorUnits } from '../domain/money';
import type { OrderView } from '../domain/order';
import { ORDER_STEPS } from '../domain/steps';
import { SagaFailure } from '../saga/errors';
import { Saga } from '../saga/saga';
import { handleOrderMessages } from './order-messages';
import { OrderProgress } from './order-progress';
import type { OrderWorkflowInput } from './definitions';
import { orderStatusQuery } from './definitions';

const [createOrder, reserveInventory, processPayment, createShipment] = ORDER_STEPS;

/**
 * An order as a saga: it ends `completed` with all four steps done, or `failed` or `cancelled` with everything
 * undone in reverse. While an undo cannot be finished it waits as `needs_attention`.
 *
 *     create order → reserve inventory → charge payment → create shipment
 *          ↑                ↑                  ↑                 ↑
 *     cancel order ← release inventory ← refund payment ← cancel shipment
 *
 * A declined card is an outcome of the business, not a fault of the workflow: every such end is returned as
 * the order's view, and a failed workflow always means a bug.
 */
export async function orderSaga({ order, amount, policies }: OrderWorkflowInput): Promise<OrderView> {
  const { orderId, customerId, items } = order;
  const progress = new OrderProgress(order, amount);
  const saga = new Saga<OrderActivities>({
    title: 'Create Order',
    plan: ORDER_STEPS,
    policies,
    commonAttributes: { 'order.id': orderId },
    attributes: { 'customer.id': customerId, 'items.count': items.length },
    onPhase: (phase) => {
      progress.enter(phase);
    },
  });
  const view = () => progress.view(saga);
  setHandler(orderStatusQuery, view);
  handleOrderMessages(saga, progress, view);

  try {
    await saga.run(async () => {
      // 1. Create the order; cancelled if anything later fails.
      await saga.step(createOrder, {
        action: ({ activities, key }) => activities.createOrder({ key, orderId, customerId, items, amount }),
        compensate: ({ activities, ...keys }) => activities.cancelOrder({ ...keys, orderId }),
        doneAttributes: { 'order.id': orderId },
      });

      // 2. Reserve the stock, at the price that was quoted; released if anything later fails.
      await saga.step(reserveInventory, {
        action: ({ activities, key }) =>
          activities.reserveInventory({ key, orderId, items, expectedAmount: amount }),
        compensate: ({ activities, ...keys }) => activities.releaseInventory({ ...keys, orderId }),
        attributes: { 'items.count': items.length },
      });

      // 3. Take the money; refunded if anything later fails, and also if nobody knows whether it was taken.
      const { paymentId } = await saga.step(processPayment, {
        action: ({ activities, key }) =>
          activities.processPayment({ key, orderId, amount, method: order.payment.method }),
        compensate: ({ activities, ...keys }) => activities.refundPayment({ ...keys, orderId }),
        attributes: { 'payment.amount': toMajorUnits(amount), 'payment.currency': amount.currency },
      });
      progress.paymentId = paymentId;

      // 4. Ship; cancelled only if nobody knows whether it was created, or the customer cancelled meanwhile.
      const { shipmentId } = await saga.step(createShipment, {
        action: ({ activities, key }) =>
          activities.createShipment({ key, orderId, items, address: order.shippingAddress }),
        compensate: ({ activities, ...keys }) => activities.cancelShipment({ ...keys, orderId }),
      });
      progress.shipmentId = shipmentId;
    });
  } catch (error) {
    // Everything is undone and the view says why.
    if (!(error instanceof SagaFailure)) throw error;
  }
  return view();
}
