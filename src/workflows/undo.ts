import type { OrderActivities } from '../activities/activities';
import type { CompensationName } from '../domain/steps';
import type { Undo } from '../saga/step';

/** What undoes the effects of an order, whether they happened or not. */
export function undosOf(orderId: string): Readonly<Record<CompensationName, Undo<OrderActivities>>> {
  return {
    cancel_order: ({ activities, ...keys }) => activities.cancelOrder({ ...keys, orderId }),
    release_inventory: ({ activities, ...keys }) => activities.releaseInventory({ ...keys, orderId }),
    refund_payment: ({ activities, ...keys }) => activities.refundPayment({ ...keys, orderId }),
    cancel_inventory: ({ activities, ...keys }) => activities.cancelInventory({ ...keys, orderId }),
    cancel_payment: ({ activities, ...keys }) => activities.cancelPayment({ ...keys, orderId }),
    reverse_inventory: ({ activities, ...keys }) => activities.reverseInventory({ ...keys, orderId }),
    reverse_payment: ({ activities, ...keys }) => activities.reversePayment({ ...keys, orderId }),
    cancel_shipment: ({ activities, ...keys }) => activities.cancelShipment({ ...keys, orderId }),
  };
}
