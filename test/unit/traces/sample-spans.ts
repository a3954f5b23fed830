import type { OrderStep } from '../../../src/domain/steps';
import type { StoredSpan } from '../../../src/telemetry/stored-span';

type Changes = Partial<StoredSpan> & Pick<StoredSpan, 'spanId' | 'name'>;

export const IDS = { 'order.id': 'o-1', 'saga.id': 'run-1' };
const TEMPORAL = { temporalWorkflowId: 'order-o-1', run_id: 'run-1' };

/** A point of the trace's time, ms. */
const at = (ms: number) => String(1_700_000_000_000_000_000n + BigInt(ms) * 1_000_000n);
export const event = (name: string, attributes: StoredSpan['events'][number]['attributes'] = {}) => ({
  name,
  timeUnixNano: at(0),
  attributes,
});
export const exception = (type: string, message: string) =>
  event('exception', { 'exception.type': type, 'exception.message': message });

export function span(from: number, to: number, changes: Changes): StoredSpan {
  return {
    kind: 'CLIENT',
    service: 'order-service',
    startTimeUnixNano: at(from),
    endTimeUnixNano: at(to),
    status: { code: 'OK' },
    attributes: {},
    events: [],
    links: [],
    ...changes,
  };
}

/** A span that has not ended: without a status. */
export function running(open: StoredSpan): StoredSpan {
  return { ...open, status: { code: 'UNSET' }, running: true };
}

export const plumbing = (from: number, to: number, changes: Changes) =>
  span(from, to, { kind: 'INTERNAL', attributes: TEMPORAL, ...changes });

/** What is above every saga. */
export function start(runTo: number, workflow = 'orderSaga'): StoredSpan[] {
  return [
    span(0, 30, {
      spanId: 'root',
      name: 'orders start',
      kind: 'INTERNAL',
      service: 'orders-cli',
      status: { code: 'UNSET' },
      attributes: { 'order.id': 'o-1' },
    }),
    plumbing(5, 25, {
      spanId: 'start',
      name: `StartWorkflow:${workflow}`,
      parentSpanId: 'root',
      service: 'orders-cli',
    }),
    plumbing(30, runTo, { spanId: 'run', name: `RunWorkflow:${workflow}`, parentSpanId: 'start' }),
  ];
}

export function saga(to: number, changes: Partial<StoredSpan>): StoredSpan {
  const { attributes, ...rest } = changes;
  return span(30, to, {
    spanId: 'saga',
    name: 'Saga: Create Order',
    parentSpanId: 'run',
    kind: 'INTERNAL',
    attributes: {
      'saga.type': 'orchestration',
      ...IDS,
      'customer.id': 'cus_1',
      'items.count': 1,
      ...attributes,
    },
    ...rest,
  });
}

interface Work {
  readonly spanId: string;
  readonly from: number;
  readonly to: number;
  /** Code and reason, when it failed. */
  readonly failed?: readonly [string, string];
  readonly attempts?: number;
  readonly attributes?: StoredSpan['attributes'];
}

/** A step with its activity and attempts: `s1`, `s1-start`, `s1-try1`, … */
export function step({ name, title, number }: OrderStep, work: Work): StoredSpan[] {
  return workSpans(`Step: ${title}`, work, {
    attributes: {
      'saga.step': name,
      'saga.step.number': number,
      'saga.step.type': 'action',
      ...IDS,
      ...work.attributes,
    },
  });
}

/** A round of a compensation, linked to `s<number>`. */
export function undo({ compensation, number }: OrderStep, work: Work): StoredSpan[] {
  return workSpans(`Compensation: ${compensation.title}`, work, {
    links: [{ traceId: 't', spanId: `s${String(number)}` }],
    attributes: {
      'saga.step': compensation.name,
      'saga.step.number': number,
      'saga.step.type': 'compensation',
      ...IDS,
    },
  });
}

function workSpans(
  name: string,
  { spanId, from, to, failed, attempts = 1 }: Work,
  changes: Pick<StoredSpan, 'attributes'> & Partial<StoredSpan>,
): StoredSpan[] {
  const [type, reason] = failed ?? [];
  const isFailed = type !== undefined && reason !== undefined;
  const status: StoredSpan['status'] = { code: isFailed ? 'ERROR' : 'OK' };
  return [
    span(from, to, {
      spanId,
      name,
      parentSpanId: 'saga',
      ...changes,
      ...(isFailed && {
        status: { ...status, message: reason },
        attributes: { ...changes.attributes, 'error.type': type },
        events: [exception(type, reason)],
      }),
    }),
    ...activity(name.replace(/^.*: /, ''), { spanId, parentSpanId: spanId, from, to, status, attempts }),
  ];
}

interface Activity {
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly from: number;
  readonly to: number;
  readonly status?: StoredSpan['status'];
  readonly attempts?: number;
}

/** An activity and its attempts: `<spanId>-start`, `<spanId>-try1`, … */
export function activity(name: string, work: Activity): StoredSpan[] {
  const { spanId, parentSpanId, from, to, status = { code: 'OK' }, attempts = 1 } = work;
  return [
    plumbing(from, to, {
      spanId: `${spanId}-start`,
      name: `StartActivity:${name}`,
      parentSpanId,
      status,
      attributes: { ...TEMPORAL, ...(status.code === 'ERROR' && { 'error.type': 'ActivityFailure' }) },
    }),
    ...Array.from({ length: attempts }, (_, index) =>
      plumbing(from + index, from + index + 1, {
        spanId: `${spanId}-try${String(index + 1)}`,
        name: `RunActivity:${name}`,
        parentSpanId: `${spanId}-start`,
        status: { code: 'UNSET' },
        attributes: { ...TEMPORAL, 'temporal.activity.attempt': index + 1 },
      }),
    ),
  ];
}
