import type { OrderView } from '../domain/order';
import { ORDER_STEPS } from '../domain/steps';
import { ATTR } from '../telemetry/semconv';
import type { StoredSpan } from '../telemetry/stored-span';
import { isCompensationSpan } from './business-spans';

/** Names of what a trace can do wrong; stable. */
export type TraceRule =
  /** There is no span at all, or none of the saga. */
  | 'missing'
  /** More than one span without a parent in the trace. */
  | 'one_root'
  /** A span's parent is not in the trace. */
  | 'parent_present'
  /** A span, a step or the saga is there twice. */
  | 'no_duplicate'
  /** A compensation is linked to exactly the step that it undoes. */
  | 'compensation_link'
  /** The story's events are there, once, in order. */
  | 'events'
  /** A status does not agree with the order's state. */
  | 'status';

export interface TraceBreach {
  readonly rule: TraceRule;
  readonly detail: string;
}

/**
 * Checks the trace of a final order against what an order's trace promises (docs/tracing.md).
 *
 * @returns every breach; none for a good trace.
 */
export function lintTrace(spans: readonly StoredSpan[], order: OrderView): TraceBreach[] {
  const sagas = spans.filter(({ attributes }) => ATTR.sagaType in attributes);
  const [saga] = sagas;
  if (saga === undefined) return [{ rule: 'missing', detail: 'the trace has no saga span' }];
  const steps = spans.filter(({ attributes }) => attributes[ATTR.sagaStepType] === 'action');
  return [
    ...treeBreaches(spans),
    ...duplicates(sagas.map(({ name }) => name)),
    ...duplicates(steps.map(({ name }) => name)),
    ...spans.filter(isCompensationSpan).flatMap((span) => linkBreaches(span, steps)),
    ...stepBreaches(steps, spans.filter(isCompensationSpan), saga, order),
    ...eventBreaches(saga, order),
    ...sagaStatusBreaches(saga, order),
  ];
}

function treeBreaches(spans: readonly StoredSpan[]): TraceBreach[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
  const orphans = spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !ids.has(parentSpanId));
  // A caller outside of this system has the root; its span is then the parent of one of ours alone.
  const outside = roots.length === 0 && new Set(orphans.map(({ parentSpanId }) => parentSpanId)).size === 1;
  return [
    ...duplicates(spans.map(({ spanId }) => spanId)),
    ...(roots.length > 1
      ? [breach('one_root', `${String(roots.length)} roots: ${roots.map(({ name }) => name).join(', ')}`)]
      : []),
    ...(outside
      ? []
      : orphans.map(({ name, spanId }) =>
          breach('parent_present', `${name} (${spanId}) has lost its parent`),
        )),
  ];
}

function linkBreaches(span: StoredSpan, steps: readonly StoredSpan[]): TraceBreach[] {
  const plan = ORDER_STEPS.find(({ compensation }) => compensation.name === span.attributes[ATTR.sagaStep]);
  const undone = steps.find(({ attributes }) => attributes[ATTR.sagaStep] === plan?.name);
  const [link, ...more] = span.links;
  if (link !== undefined && more.length === 0 && link.spanId === undone?.spanId) return [];
  return [breach('compensation_link', `${span.name} is not linked to ${plan?.title ?? 'a step'} alone`)];
}

/** A step that ran has a span under the saga; it is ERROR exactly when the step did not succeed. */
function stepBreaches(
  steps: readonly StoredSpan[],
  compensations: readonly StoredSpan[],
  saga: StoredSpan,
  order: OrderView,
): TraceBreach[] {
  const misplaced = [...steps, ...compensations].filter(({ parentSpanId }) => parentSpanId !== saga.spanId);
  const ran = order.steps.filter(({ state }) => state !== 'pending' && state !== 'skipped');
  const wrongSteps = ran.flatMap(({ step, state }) => {
    const span = steps.find(({ attributes }) => attributes[ATTR.sagaStep] === step);
    if (span === undefined) return [breach('missing', `the step ${step} has no span`)];
    const expected = state === 'done' ? 'OK' : 'ERROR';
    return span.status.code === expected
      ? []
      : [breach('status', `${span.name} is ${span.status.code}, and the step is ${state}`)];
  });
  const wrongCompensations = order.compensations.flatMap(({ step, state }) => {
    const rounds = compensations.filter(({ attributes }) => attributes[ATTR.sagaStep] === step);
    const last = rounds.at(-1);
    if (last === undefined) return [breach('missing', `the compensation ${step} has no span`)];
    return (last.status.code === 'OK') === (state === 'done')
      ? []
      : [breach('status', `${last.name} is ${last.status.code}, and the compensation is ${state}`)];
  });
  return [
    ...misplaced.map(({ name }) => breach('parent_present', `${name} is not a child of the saga span`)),
    ...wrongSteps,
    ...wrongCompensations,
  ];
}

function eventBreaches(saga: StoredSpan, order: OrderView): TraceBreach[] {
  const done = order.steps.filter(({ state }) => state === 'done');
  const failedStep = order.failure?.step;
  const plans = [
    ...done.map(({ step }) => ORDER_STEPS.find(({ name }) => name === step)?.events.done),
    ...ORDER_STEPS.filter(({ name }) => name === failedStep).map(({ events }) =>
      'failed' in events ? events.failed : undefined,
    ),
  ];
  const expected = plans.filter((name) => name !== undefined);
  const known: ReadonlySet<string> = new Set(
    ORDER_STEPS.flatMap(({ events }) => ('failed' in events ? [events.done, events.failed] : [events.done])),
  );
  const found = saga.events.map(({ name }) => name).filter((name) => known.has(name));
  return found.join('\n') === expected.join('\n')
    ? []
    : [breach('events', `the saga's events are [${found.join('; ')}], not [${expected.join('; ')}]`)];
}

function sagaStatusBreaches(saga: StoredSpan, { status, failure }: OrderView): TraceBreach[] {
  const plan = ORDER_STEPS.find(({ name }) => name === failure?.step);
  const expected =
    status === 'completed'
      ? 'Saga completed successfully'
      : status === 'cancelled'
        ? 'Saga cancelled'
        : (plan?.failedStatus ?? 'Saga failed');
  const code = status === 'completed' ? 'OK' : 'ERROR';
  const result = saga.attributes[ATTR.sagaResult];
  return saga.status.code === code && result === expected
    ? []
    : [
        breach(
          'status',
          `the saga span is ${saga.status.code} "${String(result)}", not ${code} "${expected}"`,
        ),
      ];
}

function duplicates(values: readonly string[]): TraceBreach[] {
  const seen = new Set<string>();
  return values.flatMap((value) => {
    if (seen.has(value)) return [breach('no_duplicate', `${value} is there twice`)];
    seen.add(value);
    return [];
  });
}

function breach(rule: TraceRule, detail: string): TraceBreach {
  return { rule, detail };
}
