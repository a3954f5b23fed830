import type { OrderStep } from '../../domain/steps';
import { EVENT_NAMES, EXCEPTION_EVENT, EXCEPTION_MESSAGE, EXCEPTION_TYPE } from '../../saga/semconv';
import { ATTR } from '../../telemetry/semconv';
import type { StoredSpan } from '../../telemetry/stored-span';
import { breach, shown } from './breach';
import type { TraceBreach } from './breach';
import type { OrderTrace } from './order-trace';
import { hasSpan, roundsOf } from './order-trace';
import { failuresOf, tccStory } from './tcc-story';
import type { TracedOrder } from './traced-order';
import { wasInterrupted } from './traced-order';

type SpanEvent = StoredSpan['events'][number];

/** Events that are told as often as they happen, between or after those of the story. */
const ASIDES: ReadonlySet<string> = new Set(Object.values(EVENT_NAMES));

/** The saga's events tell the story in order, and every failure is recorded with its reason. */
export function eventBreaches(trace: OrderTrace): TraceBreach[] {
  const { order, saga, steps, compensations } = trace;
  return [
    ...(saga === undefined ? [] : sagaBreaches(saga, trace)),
    ...[...steps, ...compensations].flatMap(({ span }) => unrecordedFailure(span, order)),
  ];
}

function sagaBreaches(saga: StoredSpan, trace: OrderTrace): TraceBreach[] {
  const cancels = new Set(tccStory(trace)?.undos.map(({ view }) => view.step));
  return [
    ...storyBreaches(saga, trace),
    ...createdBreaches(saga, trace),
    ...sagaReasonBreaches(saga, trace.order),
    ...(trace.order.compensations ?? []).flatMap(({ step, state }) => {
      const failed = cancels.has(step)
        ? failuresOf(step, trace.phases.cancel).length
        : roundsOf(trace, step).filter((round) => hasFailed(round, trace.order)).length;
      return [
        ...asideBreaches(saga, EVENT_NAMES.compensationFailed, step, failed),
        ...asideBreaches(saga, EVENT_NAMES.compensationSkipped, step, state === 'skipped' ? 1 : 0),
      ];
    }),
  ];
}

function storyBreaches(saga: StoredSpan, { order: { steps, failure }, plans }: OrderTrace): TraceBreach[] {
  if (steps === undefined) return [];
  const planOf = (step: string | null | undefined) => plans.find(({ name }) => name === step);
  // What becomes of the parts of a TCC transaction is told by its own spans.
  const done = steps
    .filter(({ state }) => state === 'done')
    .map(({ step }) => planOf(step))
    .filter((plan): plan is OrderStep => plan !== undefined && hasSpan(plan))
    .map(({ events }) => events.done);
  const failedEvents = planOf(failure?.step)?.events;
  const expected = [
    ...done,
    ...(failedEvents === undefined ? [] : [EXCEPTION_EVENT]),
    failedEvents !== undefined && 'failed' in failedEvents ? failedEvents.failed : undefined,
  ].filter((name) => name !== undefined);
  const found = saga.events.map(({ name }) => name).filter((name) => !ASIDES.has(name));
  return found.join('\n') === expected.join('\n')
    ? []
    : [breach('events', saga, `the events [${found.join('; ')}]`, `[${expected.join('; ')}]`)];
}

function createdBreaches(saga: StoredSpan, { order: { orderId }, plans }: OrderTrace): TraceBreach[] {
  const created = plans.find(({ name }) => name === 'create_order')?.events.done;
  return saga.events
    .filter(({ name, attributes }) => name === created && attributes[ATTR.orderId] !== orderId)
    .map(({ name, attributes }) => {
      const found = `"${name}" with ${ATTR.orderId} = ${shown(attributes[ATTR.orderId])}`;
      return breach('events', saga, found, shown(orderId));
    });
}

function sagaReasonBreaches(saga: StoredSpan, { failure }: TracedOrder): TraceBreach[] {
  if (failure?.step == null) return [];
  return saga.events
    .filter(({ name }) => name === EXCEPTION_EVENT)
    .flatMap((event) => reasonBreaches(saga, event, failure.message));
}

/** One event for each time it happened to the compensation; one that tells a failure tells why. */
function asideBreaches(saga: StoredSpan, name: string, step: string, times: number): TraceBreach[] {
  const events = saga.events.filter(
    (event) => event.name === name && event.attributes[ATTR.sagaStep] === step,
  );
  const silent =
    name === EVENT_NAMES.compensationFailed &&
    events.some(({ attributes }) => typeof attributes[EXCEPTION_MESSAGE] !== 'string');
  return [
    ...(events.length === times
      ? []
      : [breach('events', saga, `${String(events.length)} events "${name}" of ${step}`, String(times))]),
    ...(silent ? [breach('events', saga, `"${name}" of ${step} without a reason`, EXCEPTION_MESSAGE)] : []),
  ];
}

function unrecordedFailure(span: StoredSpan, order: TracedOrder): TraceBreach[] {
  if (!hasFailed(span, order)) return [];
  const exceptions = span.events.filter(({ name }) => name === EXCEPTION_EVENT);
  const [event] = exceptions;
  if (event === undefined || exceptions.length > 1) {
    return [breach('events', span, `${String(exceptions.length)} exception events`, 'one')];
  }
  return reasonBreaches(span, event, span.status.message);
}

export function reasonBreaches(span: StoredSpan, { attributes }: SpanEvent, reason = ''): TraceBreach[] {
  const [type, message] = [attributes[EXCEPTION_TYPE], attributes[EXCEPTION_MESSAGE]];
  const found = `an exception of type ${shown(type)} with the message ${shown(message)}`;
  return typeof type === 'string' && type !== '' && message === reason
    ? []
    : [breach('events', span, found, `a type, and the reason ${shown(reason)}`)];
}

/** By itself: an interruption is nothing that the workflow could record. */
function hasFailed(span: StoredSpan, order: TracedOrder): boolean {
  return span.status.code === 'ERROR' && !wasInterrupted(span, order);
}
