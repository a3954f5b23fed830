import {
  CANCEL_ORDER,
  CANCEL_SHIPMENT,
  CREATE_ORDER,
  CREATE_SHIPMENT,
  EVENTS,
  PROCESS_PAYMENT,
  REFUND_PAYMENT,
  RELEASE_INVENTORY,
  RESERVE_INVENTORY,
  completedSaga,
  exception,
  failed,
  failedSaga,
  runningSaga,
} from './spans';
import type { GoldenTrace, Reason } from './spans';

/** What the trace of each outcome of a saga looks like; see `spans.ts`. */

const { orderCreated, inventoryReserved, paymentProcessed, shipmentCreated } = EVENTS;

export const COMPLETED: GoldenTrace = [
  completedSaga([orderCreated, inventoryReserved, paymentProcessed, shipmentCreated]),
  CREATE_ORDER,
  RESERVE_INVENTORY,
  PROCESS_PAYMENT,
  CREATE_SHIPMENT,
];

export function paymentFailed(reason: Reason): GoldenTrace {
  return [
    failedSaga('Saga failed at payment step', reason.type, [
      orderCreated,
      inventoryReserved,
      exception(reason),
      EVENTS.paymentFailed,
    ]),
    CREATE_ORDER,
    RESERVE_INVENTORY,
    failed(PROCESS_PAYMENT, reason),
    RELEASE_INVENTORY,
    CANCEL_ORDER,
  ];
}

/** Nobody knows whether the money was taken, so it is given back. */
export function paymentUnknown(reason: Reason): GoldenTrace {
  const [saga, ...spans] = paymentFailed(reason);
  return [...(saga === undefined ? [] : [saga]), ...spans.slice(0, 3), REFUND_PAYMENT, ...spans.slice(3)];
}

export function outOfStock(reason: Reason): GoldenTrace {
  return [
    failedSaga('Saga failed at inventory step', reason.type, [
      orderCreated,
      exception(reason),
      EVENTS.inventoryFailed,
    ]),
    CREATE_ORDER,
    failed(RESERVE_INVENTORY, reason),
    CANCEL_ORDER,
  ];
}

const untilShipping = (reason: Reason) =>
  [orderCreated, inventoryReserved, paymentProcessed, exception(reason), EVENTS.shippingFailed] as const;

const SHIPPING_FAILED = 'Saga failed at shipping step';

export function shippingRefused(reason: Reason): GoldenTrace {
  return [
    failedSaga(SHIPPING_FAILED, reason.type, untilShipping(reason)),
    CREATE_ORDER,
    RESERVE_INVENTORY,
    PROCESS_PAYMENT,
    failed(CREATE_SHIPMENT, reason),
    REFUND_PAYMENT,
    RELEASE_INVENTORY,
    CANCEL_ORDER,
  ];
}

/** Nobody knows whether a parcel is under way, so it is called back. */
export function shippingUnknown(reason: Reason): GoldenTrace {
  return [
    failedSaga(SHIPPING_FAILED, reason.type, untilShipping(reason)),
    CREATE_ORDER,
    RESERVE_INVENTORY,
    PROCESS_PAYMENT,
    failed(CREATE_SHIPMENT, reason),
    CANCEL_SHIPMENT,
    REFUND_PAYMENT,
    RELEASE_INVENTORY,
    CANCEL_ORDER,
  ];
}

const refundFailed = ({ message }: Reason) => ({
  name: 'Compensation failed',
  attributes: { 'saga.step': 'refund_payment', 'exception.message': message },
});

/** The refund was refused: the order waits for an operator, everything else is undone. */
export function parked(shipping: Reason, refund: Reason): GoldenTrace {
  return [
    runningSaga([...untilShipping(shipping), refundFailed(refund)]),
    CREATE_ORDER,
    RESERVE_INVENTORY,
    PROCESS_PAYMENT,
    failed(CREATE_SHIPMENT, shipping),
    failed(REFUND_PAYMENT, refund),
    RELEASE_INVENTORY,
    CANCEL_ORDER,
  ];
}

/** An operator gave the refund up; the contract has no event for that, the product's own names the step. */
export function skipped(shipping: Reason, refund: Reason): GoldenTrace {
  const [, ...spans] = parked(shipping, refund);
  const events = [
    ...untilShipping(shipping),
    refundFailed(refund),
    { name: 'Compensation skipped', attributes: { 'saga.step': 'refund_payment' } },
  ];
  return [failedSaga(SHIPPING_FAILED, shipping.type, events), ...spans];
}

/** The customer cancelled while shipping was being tried: nobody knows whether a parcel is under way. */
export function cancelledWhileShipping(reason: Reason): GoldenTrace {
  return [
    failedSaga('Saga cancelled', 'cancelled', [orderCreated, inventoryReserved, paymentProcessed]),
    CREATE_ORDER,
    RESERVE_INVENTORY,
    PROCESS_PAYMENT,
    failed(CREATE_SHIPMENT, reason),
    CANCEL_SHIPMENT,
    REFUND_PAYMENT,
    RELEASE_INVENTORY,
    CANCEL_ORDER,
  ];
}
