import type { OrderView } from '../../../src/domain/order';
import { TCC_STEPS } from '../../../src/domain/steps';
import type { StoredSpan } from '../../../src/telemetry/stored-span';
import { activity, event, exception, running, saga, span, start, step, undo } from './sample-spans';
import { ORDER } from './sample-trace';

/** Sample traces of orders whose stock and money are a TCC transaction: `tcc`, below it `try`, `confirm`, `cancel`. */

const [CREATE, , , CONFIRM_STOCK, CONFIRM_MONEY, SHIP] = TCC_STEPS;
const TCC_IDS = { 'tcc.id': 'run-1', 'order.id': 'o-1' };
type Phase = 'try' | 'confirm' | 'cancel';
type Reason = readonly [type: string, message: string];
type Events = StoredSpan['events'];

const NAMES = { try: 'TCC Phase: Try', confirm: 'TCC Phase: Confirm', cancel: 'TCC Phase: Cancel' } as const;
const link = (spanId: string) => ({ links: [{ traceId: 't', spanId }] });

interface Part {
  readonly activity: string;
  readonly attempts?: number;
  readonly failed?: true;
}

/** A phase and the activities of its parts, one after the other. */
function phase(
  of: Phase,
  from: number,
  parts: readonly Part[],
  events: Events,
  reason?: Reason,
): StoredSpan[] {
  const to = from + 20 * parts.length;
  return [
    span(from, to, {
      spanId: of,
      name: NAMES[of],
      parentSpanId: 'tcc',
      kind: 'INTERNAL',
      status: reason === undefined ? { code: 'OK' } : { code: 'ERROR', message: reason[1] },
      attributes: {
        ...TCC_IDS,
        'tcc.phase': of,
        ...(reason !== undefined && { 'error.type': reason[0] }),
      },
      events,
      ...(of !== 'try' && link('try')),
    }),
    ...parts.flatMap((part, index) =>
      activity(part.activity, {
        spanId: `${of}${String(index + 1)}`,
        parentSpanId: of,
        from: from + 20 * index,
        to: from + 20 * (index + 1),
        status: { code: part.failed === true ? 'ERROR' : 'OK' },
        attempts: part.attempts ?? 1,
      }),
    ),
  ];
}

function transaction(
  to: number,
  last: Phase,
  events: Events,
  failure?: { result: string; type: string },
): StoredSpan {
  return span(50, to, {
    spanId: 'tcc',
    name: 'TCC Transaction',
    parentSpanId: 'saga',
    kind: 'INTERNAL',
    status: failure === undefined ? { code: 'OK' } : { code: 'ERROR', message: failure.result },
    attributes: {
      ...TCC_IDS,
      'tcc.phase': last,
      'tcc.result': failure?.result ?? 'TCC completed successfully',
      ...(failure !== undefined && { 'error.type': failure.type }),
    },
    events,
  });
}

const told = (part: string, [type, message]: Reason) =>
  event('exception', { 'saga.step': part, 'exception.type': type, 'exception.message': message });
const EXPIRED_HOLD = ['hold_expired', 'too late'] as const;
const NO_CARRIER = ['shipping_unavailable', 'no carrier'] as const;
const NO_VOID = ['refund_refused', 'not voidable'] as const;
const HELD = [event('Inventory try succeeded'), event('Payment try succeeded')];
const CREATED = event('Order created', { 'order.id': 'o-1' });

/** An order whose money was on hold no longer when it was to be confirmed, at the second attempt of the try. */
export function expiredTrace(): StoredSpan[] {
  return [
    ...start(260, 'orderTcc'),
    saga(250, {
      status: { code: 'ERROR', message: 'Saga failed at payment step' },
      attributes: { 'saga.result': 'Saga failed at payment step', 'error.type': 'hold_expired' },
      events: [CREATED, exception(...EXPIRED_HOLD), event('Payment failed, starting compensation')],
    }),
    ...step(CREATE, { spanId: 's1', from: 30, to: 50 }),
    transaction(
      190,
      'cancel',
      [
        event('Try phase succeeded'),
        exception(...EXPIRED_HOLD),
        event('Confirm phase failed, executing cancel'),
      ],
      { result: 'TCC failed at confirm phase', type: 'hold_expired' },
    ),
    ...phase('try', 50, [{ activity: 'tryInventory' }, { activity: 'tryPayment', attempts: 2 }], HELD),
    ...phase(
      'confirm',
      100,
      [{ activity: 'confirmInventory' }, { activity: 'confirmPayment', failed: true }],
      [event('Inventory confirmed'), told('confirm_payment', EXPIRED_HOLD)],
      EXPIRED_HOLD,
    ),
    ...phase(
      'cancel',
      150,
      [{ activity: 'cancelPayment' }, { activity: 'reverseInventory' }],
      [event('Payment cancelled'), event('Inventory reversed')],
    ),
    ...undo(CREATE, { spanId: 'c1', from: 200, to: 220 }),
  ];
}

/** The order of {@link expiredTrace}. */
export const EXPIRED: OrderView = {
  ...ORDER,
  transaction: 'tcc',
  status: 'failed',
  failure: { code: 'hold_expired', step: 'confirm_payment', message: 'too late' },
  steps: [
    { step: 'create_order', number: 1, state: 'done', attempts: 1 },
    { step: 'try_inventory', number: 2, state: 'done', attempts: 1 },
    { step: 'try_payment', number: 3, state: 'done', attempts: 2 },
    { step: 'confirm_inventory', number: 4, state: 'done', attempts: 1 },
    { step: 'confirm_payment', number: 5, state: 'failed', attempts: 1, error: 'too late' },
    { step: 'create_shipment', number: 6, state: 'skipped', attempts: 0 },
  ],
  compensations: [
    { step: 'cancel_payment', undoes: 'try_payment', state: 'done', attempts: 1 },
    { step: 'reverse_inventory', undoes: 'confirm_inventory', state: 'done', attempts: 1 },
    { step: 'cancel_order', undoes: 'create_order', state: 'done', attempts: 1 },
  ],
};

/** An order that no carrier takes, after all was confirmed. */
export function reversedTrace(): StoredSpan[] {
  return [
    ...start(260, 'orderTcc'),
    saga(250, {
      status: { code: 'ERROR', message: 'Saga failed at shipping step' },
      attributes: { 'saga.result': 'Saga failed at shipping step', 'error.type': 'shipping_unavailable' },
      events: [CREATED, exception(...NO_CARRIER), event('Shipping failed, starting compensation')],
    }),
    ...step(CREATE, { spanId: 's1', from: 30, to: 50 }),
    transaction(140, 'confirm', [event('Try phase succeeded'), event('Confirm phase succeeded')]),
    ...phase('try', 50, [{ activity: 'tryInventory' }, { activity: 'tryPayment' }], HELD),
    ...phase(
      'confirm',
      100,
      [{ activity: 'confirmInventory' }, { activity: 'confirmPayment' }],
      [event('Inventory confirmed'), event('Payment confirmed')],
    ),
    ...step(SHIP, { spanId: 's6', from: 140, to: 160, failed: NO_CARRIER }),
    ...undo(CONFIRM_MONEY, { spanId: 'c5', from: 160, to: 180 }).map(linkedToConfirm),
    ...undo(CONFIRM_STOCK, { spanId: 'c4', from: 180, to: 200 }).map(linkedToConfirm),
    ...undo(CREATE, { spanId: 'c1', from: 200, to: 220 }),
  ];
}

const linkedToConfirm = (one: StoredSpan): StoredSpan =>
  one.links.length === 0 ? one : { ...one, ...link('confirm') };

/** The order of {@link reversedTrace}. */
export const REVERSED: OrderView = {
  ...EXPIRED,
  failure: { code: 'shipping_unavailable', step: 'create_shipment', message: 'no carrier' },
  steps: [
    ...EXPIRED.steps.slice(0, 2),
    { step: 'try_payment', number: 3, state: 'done', attempts: 1 },
    ...EXPIRED.steps.slice(3, 4),
    { step: 'confirm_payment', number: 5, state: 'done', attempts: 1 },
    { step: 'create_shipment', number: 6, state: 'failed', attempts: 1, error: 'no carrier' },
  ],
  compensations: [
    { step: 'reverse_payment', undoes: 'confirm_payment', state: 'done', attempts: 1 },
    ...EXPIRED.compensations.slice(1),
  ],
};

/** The order of {@link expiredTrace} that waits for an operator, because the hold of the money cannot be given back. */
export function uncancelledTrace(): StoredSpan[] {
  const failed = event('Compensation failed', {
    'saga.step': 'cancel_payment',
    'exception.message': 'not voidable',
  });
  return expiredTrace().map((one) => {
    const { 'error.type': _, 'saga.result': __, 'tcc.result': ___, ...attributes } = one.attributes;
    switch (one.spanId) {
      case 'run':
        return running(one);
      case 'saga':
        return running({ ...one, attributes, events: [...one.events, failed] });
      case 'tcc':
        return running({ ...one, attributes });
      case 'cancel':
        return {
          ...one,
          status: { code: 'ERROR', message: NO_VOID[1] },
          attributes: { ...one.attributes, 'error.type': NO_VOID[0] },
          events: [told('cancel_payment', NO_VOID), event('Inventory reversed')],
        };
      default:
        return one;
    }
  });
}

/** The order of {@link uncancelledTrace}. */
export const UNCANCELLED: OrderView = {
  ...EXPIRED,
  status: 'needs_attention',
  compensations: [
    { step: 'cancel_payment', undoes: 'try_payment', state: 'failed', attempts: 1, error: 'not voidable' },
    ...EXPIRED.compensations.slice(1),
  ],
};
