import { STEPS_OF } from '../../domain/steps';
import { ATTR } from '../../telemetry/semconv';
import type { StoredSpan } from '../../telemetry/stored-span';
import { breach, shown } from './breach';
import type { TraceBreach } from './breach';
import type { OrderTrace } from './order-trace';
import { roundsOf } from './order-trace';
import type { TracedOrder } from './traced-order';
import { interruptionType, isOpen } from './traced-order';

interface Expected {
  readonly code: StoredSpan['status']['code'];
  /** `undefined` where any will do. */
  readonly message?: string | undefined;
}

/** Every status of the business agrees with the order's state; running spans have none yet. */
export function statusBreaches(trace: OrderTrace): TraceBreach[] {
  const { order, saga, runs } = trace;
  return [
    ...(saga === undefined || saga.running === true ? [] : sagaBreaches(saga, order)),
    ...runs.flatMap((run) => (run.running === true ? [] : runBreaches(run, order))),
    ...stepBreaches(trace),
    ...compensationBreaches(trace),
    ...trace.spans
      .filter(({ running, status }) => running === true && status.code !== 'UNSET')
      .map((span) => breach('status', span, span.status.code, 'none while it runs')),
  ];
}

function sagaBreaches(saga: StoredSpan, order: TracedOrder): TraceBreach[] {
  // That it has ended at all is a breach of another rule.
  if (isOpen(order)) return [];
  if (order.interrupted !== undefined) return interruptedBreaches(saga, order);
  // OpenTelemetry has no description for OK.
  const code = order.status === 'completed' ? 'OK' : 'ERROR';
  const result = sagaResult(order);
  if (result === undefined) return unlike(saga, { code });
  const found = saga.attributes[ATTR.sagaResult];
  return [
    ...unlike(saga, code === 'OK' ? { code } : { code, message: result }),
    ...(found === result
      ? []
      : [breach('status', saga, `${ATTR.sagaResult} = ${shown(found)}`, shown(result))]),
  ];
}

/** Undefined when the order does not say at which step it failed. */
function sagaResult({ status, failure, transaction }: TracedOrder): string | undefined {
  if (status === 'completed') return 'Saga completed successfully';
  if (status === 'cancelled') return 'Saga cancelled';
  if (failure === undefined) return undefined;
  return STEPS_OF[transaction].find(({ name }) => name === failure.step)?.failedStatus ?? 'Saga failed';
}

/** A business's failure is no failure of the workflow. */
function runBreaches(run: StoredSpan, order: TracedOrder): TraceBreach[] {
  if (isOpen(order)) return [];
  return order.interrupted === undefined ? unlike(run, { code: 'OK' }) : interruptedBreaches(run, order);
}

export function interruptedBreaches(span: StoredSpan, order: TracedOrder): TraceBreach[] {
  const expected = interruptionType(order);
  const type = span.attributes[ATTR.errorType];
  return [
    ...unlike(span, { code: 'ERROR' }),
    ...(type === expected
      ? []
      : [breach('status', span, `${ATTR.errorType} = ${shown(type)}`, shown(expected))]),
  ];
}

function stepBreaches({ order, steps }: OrderTrace): TraceBreach[] {
  return steps.flatMap(({ plan, span }) => {
    const view = order.steps?.find(({ step }) => step === plan.name);
    if (view === undefined || span.running === true) return [];
    return workBreaches(span, view, order);
  });
}

function compensationBreaches(trace: OrderTrace): TraceBreach[] {
  return (trace.order.compensations ?? []).flatMap((view) => {
    const ended = roundsOf(trace, view.step).filter(({ running }) => running !== true);
    const [last] = ended.slice(-1);
    // Between two rounds: the failure of the last one is not the order's any more.
    const between = view.state === 'running' || view.state === 'pending';
    if (last === undefined || (between && trace.order.interrupted === undefined)) return [];
    return workBreaches(last, view, trace.order);
  });
}

function workBreaches(
  span: StoredSpan,
  { state, error }: { state: string; error?: string },
  order: TracedOrder,
): TraceBreach[] {
  switch (state) {
    case 'done':
      return unlike(span, { code: 'OK' });
    case 'running':
      return order.interrupted === undefined ? [] : interruptedBreaches(span, order);
    case 'failed':
    case 'unknown':
    case 'skipped':
      return unlike(span, { code: 'ERROR', message: error });
    default:
      return [];
  }
}

export function unlike(span: StoredSpan, { code, message }: Expected): TraceBreach[] {
  const { status } = span;
  if (status.code === code && (message === undefined || status.message === message)) return [];
  const expected = message === undefined ? code : `${code} ${shown(message)}`;
  const found = status.message === undefined ? status.code : `${status.code} ${shown(status.message)}`;
  return [breach('status', span, found, expected)];
}
