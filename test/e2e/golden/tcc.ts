import {
  CANCEL_ORDER,
  CANCEL_SHIPMENT,
  COMMON,
  CREATE_ORDER,
  CREATE_SHIPMENT,
  EVENTS,
  OK,
  SAGA,
  completedSaga,
  exception,
  failed,
  failedSaga,
  runningSaga,
  step,
} from './spans';
import type { GoldenSpan, GoldenTrace, Reason } from './spans';

/** What the trace of each outcome of an order looks like whose stock and money are a TCC transaction. */

const TCC = 'TCC Transaction';
const TRY = 'TCC Phase: Try';
const CONFIRM = 'TCC Phase: Confirm';
const CANCEL = 'TCC Phase: Cancel';

const TCC_IDS = { 'tcc.id': '<run>', 'order.id': '<order>' };
const event = (name: string) => ({ name, attributes: {} });

type Events = GoldenSpan['events'];
type Phase = 'try' | 'confirm' | 'cancel';

const inner = { kind: 'INTERNAL', service: 'order-service', links: [] } as const;

/** `tcc.result` stands in for the description, as `saga.result` does. */
const completedTcc: GoldenSpan = {
  ...inner,
  name: TCC,
  parent: SAGA,
  status: OK,
  attributes: { ...TCC_IDS, 'tcc.phase': 'confirm', 'tcc.result': 'TCC completed successfully' },
  events: [event('Try phase succeeded'), event('Confirm phase succeeded')],
};

const failedTcc = (result: string, { type }: Reason, events: Events): GoldenSpan => ({
  ...completedTcc,
  status: { code: 'ERROR', message: result },
  attributes: { ...TCC_IDS, 'tcc.phase': 'cancel', 'tcc.result': result, 'error.type': type },
  events,
});

const phase = (name: string, of: Phase, events: Events): GoldenSpan => ({
  ...inner,
  name,
  parent: TCC,
  status: OK,
  attributes: { ...TCC_IDS, 'tcc.phase': of },
  events,
  links: of === 'try' ? [] : [TRY],
});

/** @param part whose it was; none when nobody's was. */
const failedPhase = (span: GoldenSpan, part: string | undefined, reason: Reason): GoldenSpan => {
  const { name, attributes } = exception(reason);
  const told = part === undefined ? attributes : { 'saga.step': part, ...attributes };
  return {
    ...failed(span, reason),
    events: [...span.events, { name, attributes: told }],
  };
};

const inventoryTried = event('Inventory try succeeded');
const tried = phase(TRY, 'try', [inventoryTried, event('Payment try succeeded')]);
const confirmed = phase(CONFIRM, 'confirm', [event('Inventory confirmed'), event('Payment confirmed')]);
const { orderCreated, shipmentCreated, inventoryFailed, paymentFailed, shippingFailed } = EVENTS;

const failedAtTry = (reason: Reason) =>
  failedTcc('TCC failed at try phase', reason, [
    exception(reason),
    event('Try phase failed, executing cancel'),
  ]);

export const COMPLETED: GoldenTrace = [
  completedSaga([orderCreated, shipmentCreated], 'orderTcc'),
  CREATE_ORDER,
  completedTcc,
  tried,
  confirmed,
  { ...CREATE_SHIPMENT, attributes: { ...CREATE_SHIPMENT.attributes, 'saga.step.number': 6 } },
];
const [, , , , , SHIP = CREATE_SHIPMENT] = COMPLETED;

export function outOfStock(reason: Reason): GoldenTrace {
  return [
    failedSaga(
      'Saga failed at inventory step',
      reason.type,
      [orderCreated, exception(reason), inventoryFailed],
      'orderTcc',
    ),
    CREATE_ORDER,
    failedAtTry(reason),
    failedPhase(phase(TRY, 'try', []), 'try_inventory', reason),
    phase(CANCEL, 'cancel', []),
    CANCEL_ORDER,
  ];
}

const atPayment = (reason: Reason) =>
  failedSaga(
    'Saga failed at payment step',
    reason.type,
    [orderCreated, exception(reason), paymentFailed],
    'orderTcc',
  );

export function declined(reason: Reason): GoldenTrace {
  return [
    atPayment(reason),
    CREATE_ORDER,
    failedAtTry(reason),
    failedPhase(phase(TRY, 'try', [inventoryTried]), 'try_payment', reason),
    phase(CANCEL, 'cancel', [event('Inventory cancelled')]),
    CANCEL_ORDER,
  ];
}

const bothCancelled = phase(CANCEL, 'cancel', [event('Payment cancelled'), event('Inventory cancelled')]);

/** Nobody knows whether the money is held, so that hold is given back as well. */
export function paymentUnknown(reason: Reason): GoldenTrace {
  const trace = declined(reason);
  return [...trace.slice(0, 4), bothCancelled, ...trace.slice(5)];
}

/** The payment's hold was over before it could be confirmed: the stock that was sold comes back. */
export function expired(reason: Reason): GoldenTrace {
  return [
    atPayment(reason),
    CREATE_ORDER,
    failedTcc('TCC failed at confirm phase', reason, [
      event('Try phase succeeded'),
      exception(reason),
      event('Confirm phase failed, executing cancel'),
    ]),
    tried,
    failedPhase(phase(CONFIRM, 'confirm', [event('Inventory confirmed')]), 'confirm_payment', reason),
    // The contract has no event for a reversal; the product's own says what was not merely cancelled.
    phase(CANCEL, 'cancel', [event('Payment cancelled'), event('Inventory reversed')]),
    CANCEL_ORDER,
  ];
}

const undoing = (of: 'Inventory' | 'Payment', number: number): GoldenSpan => ({
  ...step,
  name: `Compensation: Reverse ${of}`,
  attributes: {
    'saga.step': `reverse_${of.toLowerCase()}`,
    'saga.step.number': number,
    'saga.step.type': 'compensation',
    ...COMMON,
  },
  links: [CONFIRM],
});
const REVERSE_PAYMENT = undoing('Payment', 5);
const REVERSE_INVENTORY = undoing('Inventory', 4);
const CANCEL_SIXTH = {
  ...CANCEL_SHIPMENT,
  attributes: { ...CANCEL_SHIPMENT.attributes, 'saga.step.number': 6 },
};

const untilShipping = (reason: Reason) => [orderCreated, exception(reason), shippingFailed] as const;
const SHIPPING_FAILED = 'Saga failed at shipping step';

export function shippingRefused(reason: Reason): GoldenTrace {
  return [
    failedSaga(SHIPPING_FAILED, reason.type, untilShipping(reason), 'orderTcc'),
    ...COMPLETED.slice(1, 5),
    failed(SHIP, reason),
    REVERSE_PAYMENT,
    REVERSE_INVENTORY,
    CANCEL_ORDER,
  ];
}

export function shippingUnknown(reason: Reason): GoldenTrace {
  const trace = shippingRefused(reason);
  return [...trace.slice(0, 6), CANCEL_SIXTH, ...trace.slice(6)];
}

const reverseFailed = ({ message }: Reason) => ({
  name: 'Compensation failed',
  attributes: { 'saga.step': 'reverse_payment', 'exception.message': message },
});

/** The money was taken and its provider will not give it back: the order waits for an operator. */
export function parked(shipping: Reason, refund: Reason): GoldenTrace {
  const [, ...spans] = shippingRefused(shipping);
  return [
    runningSaga([...untilShipping(shipping), reverseFailed(refund)], 'orderTcc'),
    ...spans.map((span) => (span === REVERSE_PAYMENT ? failed(span, refund) : span)),
  ];
}

export function skipped(shipping: Reason, refund: Reason): GoldenTrace {
  const [, ...spans] = parked(shipping, refund);
  const events = [
    ...untilShipping(shipping),
    reverseFailed(refund),
    { name: 'Compensation skipped', attributes: { 'saga.step': 'reverse_payment' } },
  ];
  return [failedSaga(SHIPPING_FAILED, shipping.type, events, 'orderTcc'), ...spans];
}

/** The customer cancelled while the payment was being tried: nobody knows whether the money is held. */
export function cancelledWhileTrying(reason: Reason): GoldenTrace {
  const [, ...spans] = paymentUnknown(reason);
  return [failedSaga('Saga cancelled', 'cancelled', [orderCreated], 'orderTcc'), ...spans];
}

/** The customer cancelled after everything was sold and paid: all of it is reversed. */
export function cancelledWhileShipping(reason: Reason): GoldenTrace {
  const [, ...spans] = shippingUnknown(reason);
  return [failedSaga('Saga cancelled', 'cancelled', [orderCreated], 'orderTcc'), ...spans];
}
