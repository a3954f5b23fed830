import { SPAN_NAMES, TCC_SPAN_NAMES } from '../../saga/semconv';
import type { StoredSpan } from '../../telemetry/stored-span';
import { breach, labelOf } from './breach';
import type { TraceBreach } from './breach';
import type { OrderTrace } from './order-trace';
import { hasSpan, phaseOf } from './order-trace';

/**
 * Every round of a compensation is linked to the span of what it undoes, and to nothing else: a step, or the phase that
 * confirmed; so are the phases that come after Try linked to Try.
 */
export function linkBreaches(trace: OrderTrace): TraceBreach[] {
  const { compensations, phases, order, before } = trace;
  // What the guardian undoes was done by the run before; when that is lost, there is nothing to be linked to.
  const done = before ?? trace;
  const isLost = order.settlement !== undefined && before === undefined;
  const spans = [...done.spans, ...trace.spans];
  const nameOf = (spanId: string) => {
    const span = spans.find((candidate) => candidate.spanId === spanId);
    return span === undefined ? spanId : labelOf(span);
  };
  const linkedTo = (span: StoredSpan, target: StoredSpan | undefined, name: string): TraceBreach[] => {
    const [link, ...more] = span.links;
    if (link !== undefined && more.length === 0 && link.spanId === target?.spanId) return [];
    const found = span.links.map(({ spanId }) => nameOf(spanId)).join(', ');
    const expected = `one to ${target === undefined ? name : labelOf(target)}`;
    return [breach('compensation_link', span, found === '' ? 'no link' : `links to ${found}`, expected)];
  };
  return [
    ...(isLost ? [] : compensations).flatMap(({ plan, span }) => {
      if (hasSpan(plan)) {
        const step = done.steps.find((candidate) => candidate.plan === plan)?.span;
        // Undone in case that a worker did it which died: this run has not come to it.
        const wasSkipped = order.steps?.some((view) => view.step === plan.name && view.state === 'skipped');
        if (step === undefined && wasSkipped === true && span.links.length === 0) return [];
        return linkedTo(span, step, SPAN_NAMES.step(plan.title));
      }
      const phase = before === undefined ? 'confirm' : (phaseOf(plan) ?? 'confirm');
      return linkedTo(span, done.phases[phase][0], TCC_SPAN_NAMES[phase]);
    }),
    ...[...phases.confirm, ...phases.cancel].flatMap((span) =>
      linkedTo(span, phases.try[0], TCC_SPAN_NAMES.try),
    ),
  ];
}
