import type { StoredSpan } from '../../telemetry/stored-span';
import { SPAN_NAMES } from '../../saga/semconv';
import { breach } from './breach';
import type { TraceBreach } from './breach';
import type { OrderTrace } from './order-trace';
import { hasSpan, roundsOf } from './order-trace';
import { tccStory } from './tcc-story';

/** What the order did has its spans, and every span of the business is of something that the order did. */
export function presenceBreaches(trace: OrderTrace): TraceBreach[] {
  return [
    ...exactlyOne(trace.sagas, 'the span of the saga'),
    ...exactlyOne(trace.runs, 'the span RunWorkflow of the workflow'),
    ...stepBreaches(trace),
    ...compensationBreaches(trace),
    ...strangers(trace),
  ];
}

export function exactlyOne(spans: readonly StoredSpan[], what: string): TraceBreach[] {
  if (spans.length === 0) return [breach('missing', 'the trace', 'none', what)];
  return spans.slice(1).map((span) => breach('no_duplicate', span, 'one more', `${what} once`));
}

function stepBreaches({ order, plans, steps }: OrderTrace): TraceBreach[] {
  const withSpans = new Set<string>(plans.filter(hasSpan).map(({ name }) => name));
  const views = (order.steps ?? []).filter(({ step }) => withSpans.has(step));
  return views.flatMap(({ step, state }) => {
    const spans = steps.filter(({ plan }) => plan.name === step).map(({ span }) => span);
    if (state !== 'pending' && state !== 'skipped') {
      return exactlyOne(spans, `the span of the step ${step}, which is ${state}`);
    }
    return spans.map((span) => breach('unexpected', span, 'a span', `none: the step is ${state}`));
  });
}

function compensationBreaches(trace: OrderTrace): TraceBreach[] {
  // What the Cancel phase of a TCC transaction undoes has no spans of its own.
  const cancels = new Set(tccStory(trace)?.undos.map(({ view }) => view));
  const views = trace.order.compensations?.filter((view) => !cancels.has(view));
  if (views === undefined) return [];
  const uncalled = trace.compensations.filter(
    ({ plan }) => !views.some(({ step }) => step === plan.compensation.name),
  );
  return [
    ...uncalled.map(({ span }) => breach('unexpected', span, 'a span', 'none: the order does not undo this')),
    ...views.flatMap(({ step, state, attempts }) => {
      const rounds = roundsOf(trace, step);
      // Given up in the run before: this one never tries it.
      const isGivenUp = state === 'skipped' && attempts === 0 && trace.order.settlement !== undefined;
      if (rounds.length === 0 && state !== 'pending' && !isGivenUp) {
        return [breach('missing', 'the trace', 'none', `the span of the compensation ${step}, ${state}`)];
      }
      return rounds
        .filter(({ status }) => status.code === 'OK')
        .slice(1)
        .map((span) => breach('no_duplicate', span, 'one more that is OK', 'a compensation done once'));
    }),
  ];
}

function strangers({ spans, steps, compensations }: OrderTrace): TraceBreach[] {
  const known = new Set([...steps, ...compensations].map(({ span }) => span));
  const prefixes = [SPAN_NAMES.step(''), SPAN_NAMES.compensation('')];
  return spans
    .filter((span) => prefixes.some((prefix) => span.name.startsWith(prefix)) && !known.has(span))
    .map((span) => breach('unexpected', span, 'a span', 'only steps and compensations of an order'));
}
