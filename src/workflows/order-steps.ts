import type { OrderActivities } from '../activities/activities';
import type { CreateShipmentResponse } from '../domain/service-contract';
import type { OrderStep } from '../domain/steps';
import type { Saga } from '../saga/saga';
import type { OrderWorkflowInput } from './definitions';
import { undosOf } from './undo';

/** The steps that every order has, whatever becomes of its stock and money in between. */

/** Creates the order; cancelled if anything later fails. */
export function createOrder(
  saga: Saga<OrderActivities>,
  plan: OrderStep,
  { order, amount }: OrderWorkflowInput,
): Promise<unknown> {
  const { orderId, customerId, items } = order;
  return saga.step(plan, {
    action: ({ activities, key }) => activities.createOrder({ key, orderId, customerId, items, amount }),
    compensate: undosOf(orderId).cancel_order,
    doneAttributes: { 'order.id': orderId },
  });
}

/** Ships; cancelled only if nobody knows whether it was created, or the customer cancelled meanwhile. */
export function createShipment(
  saga: Saga<OrderActivities>,
  plan: OrderStep,
  { order: { orderId, items, shippingAddress: address } }: OrderWorkflowInput,
): Promise<CreateShipmentResponse> {
  return saga.step(plan, {
    action: ({ activities, key }) => activities.createShipment({ key, orderId, items, address }),
    compensate: undosOf(orderId).cancel_shipment,
  });
}
