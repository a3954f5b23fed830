import type { StoredSpan } from '../../telemetry/stored-span';
import { breach, labelOf } from './breach';
import type { TraceBreach } from './breach';
import type { OrderTrace, WorkSpan } from './order-trace';
import { compareNano, hasSpan, phaseOf } from './order-trace';

/**
 * No span ends before it begins; steps and phases run one after the other, compensations after the last of them and in
 * reverse. Only spans of one clock, the workflow's, are compared with each other.
 */
export function timingBreaches(trace: OrderTrace): TraceBreach[] {
  const { spans, steps, compensations } = trace;
  const forward = [...steps, ...phaseSpans(trace)].toSorted((a, b) => a.plan.number - b.plan.number);
  const undoing = firstRounds(compensations);
  const reverse = undoing.toSorted((a, b) => b.plan.number - a.plan.number);
  const sequence = [...forward, ...reverse].map(({ span }) => span);
  return [
    ...spans
      .filter(endsBeforeItStarts)
      .map((span) =>
        breach('order', span, `its end at ${span.endTimeUnixNano}`, `one from ${span.startTimeUnixNano} on`),
      ),
    ...sequence.flatMap((span, index) => tooEarly(span, sequence[index - 1])),
  ];
}

/** The first span of each phase, with the step that it begins or, of Cancel, comes after. */
function phaseSpans({ plans, phases }: OrderTrace): WorkSpan[] {
  const parts = plans.filter((plan) => !hasSpan(plan));
  return [
    { plan: parts.find((plan) => phaseOf(plan) === 'try'), span: phases.try[0] },
    { plan: parts.find((plan) => phaseOf(plan) === 'confirm'), span: phases.confirm[0] },
    { plan: parts.at(-1), span: phases.cancel[0] },
  ].filter((work): work is WorkSpan => work.plan !== undefined && work.span !== undefined);
}

/** Later rounds come whenever an operator wants them. */
function firstRounds(compensations: readonly WorkSpan[]): WorkSpan[] {
  return compensations.filter(
    ({ plan }, index) => compensations.findIndex((other) => other.plan === plan) === index,
  );
}

function endsBeforeItStarts({ running, startTimeUnixNano, endTimeUnixNano }: StoredSpan): boolean {
  return running !== true && compareNano(endTimeUnixNano, startTimeUnixNano) < 0;
}

function tooEarly(span: StoredSpan, before: StoredSpan | undefined): TraceBreach[] {
  if (before === undefined) return [];
  if (before.running === true) {
    return [breach('order', span, 'its start', `none before the end of ${labelOf(before)}`)];
  }
  if (compareNano(span.startTimeUnixNano, before.endTimeUnixNano) >= 0) return [];
  const expected = `one after the end of ${labelOf(before)} at ${before.endTimeUnixNano}`;
  return [breach('order', span, `its start at ${span.startTimeUnixNano}`, expected)];
}
