import type { OrderView } from '../../../src/domain/order';
import { ORDER_STEPS } from '../../../src/domain/steps';
import type { StoredSpan } from '../../../src/telemetry/stored-span';

type Changes = Partial<StoredSpan> & Pick<StoredSpan, 'spanId' | 'name'>;

let clock = 1_700_000_000_000_000_000n;

function span(changes: Changes): StoredSpan {
  clock += 1_000_000n;
  return {
    kind: 'CLIENT',
    service: 'order-service',
    startTimeUnixNano: String(clock),
    endTimeUnixNano: String(clock + 20_000_000n),
    status: { code: 'OK' },
    attributes: {},
    events: [],
    links: [],
    ...changes,
  };
}

const event = (name: string) => ({ name, timeUnixNano: String(clock), attributes: {} });
const work = (step: string, type: string, number: number) => ({
  'saga.id': 'run-1',
  'saga.step': step,
  'saga.step.type': type,
  'saga.step.number': number,
});

/** The spans of an order whose payment was declined, as they should be. */
export function declinedTrace(): StoredSpan[] {
  const [create, reserve, pay] = ORDER_STEPS;
  const saga = { parentSpanId: 'saga' };
  return [
    span({ spanId: 'root', name: 'orders start', kind: 'INTERNAL', service: 'orders-cli' }),
    span({ spanId: 'run', name: 'RunWorkflow:orderSaga', parentSpanId: 'root', kind: 'INTERNAL' }),
    span({
      spanId: 'saga',
      name: 'Saga: Create Order',
      parentSpanId: 'run',
      status: { code: 'ERROR', message: 'Saga failed at payment step' },
      attributes: {
        'saga.id': 'run-1',
        'saga.type': 'orchestration',
        'saga.result': 'Saga failed at payment step',
      },
      events: [
        event('Order created'),
        event('Inventory reserved'),
        event('exception'),
        event('Payment failed, starting compensation'),
      ],
    }),
    span({ ...saga, spanId: 's1', name: 'Step: Create Order', attributes: work(create.name, 'action', 1) }),
    span({
      ...saga,
      spanId: 's2',
      name: 'Step: Reserve Inventory',
      attributes: work(reserve.name, 'action', 2),
    }),
    span({
      ...saga,
      spanId: 's3',
      name: 'Step: Process Payment',
      status: { code: 'ERROR', message: 'declined' },
      attributes: work(pay.name, 'action', 3),
    }),
    span({
      ...saga,
      spanId: 'c2',
      name: 'Compensation: Release Inventory',
      attributes: work('release_inventory', 'compensation', 2),
      links: [{ traceId: 't', spanId: 's2' }],
    }),
    span({
      ...saga,
      spanId: 'c1',
      name: 'Compensation: Cancel Order',
      attributes: work('cancel_order', 'compensation', 1),
      links: [{ traceId: 't', spanId: 's1' }],
    }),
  ];
}

/** The order of {@link declinedTrace}. */
export const DECLINED = {
  status: 'failed',
  failure: { code: 'payment_declined', step: 'process_payment', message: 'declined' },
  steps: [
    { step: 'create_order', number: 1, state: 'done', attempts: 1 },
    { step: 'reserve_inventory', number: 2, state: 'done', attempts: 1 },
    { step: 'process_payment', number: 3, state: 'failed', attempts: 1 },
    { step: 'create_shipment', number: 4, state: 'skipped', attempts: 0 },
  ],
  compensations: [
    { step: 'release_inventory', undoes: 'reserve_inventory', state: 'done', attempts: 1 },
    { step: 'cancel_order', undoes: 'create_order', state: 'done', attempts: 1 },
  ],
} as unknown as OrderView;
