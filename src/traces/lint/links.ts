import { SPAN_NAMES, TCC_SPAN_NAMES } from '../../saga/semconv';
import type { StoredSpan } from '../../telemetry/stored-span';
import { breach, labelOf } from './breach';
import type { TraceBreach } from './breach';
import type { OrderTrace } from './order-trace';
import { hasSpan } from './order-trace';

/**
 * Every round of a compensation is linked to the span of what it undoes, and to nothing else: a step, or the phase that
 * confirmed; so are the phases that come after Try linked to Try.
 */
export function linkBreaches({ spans, steps, compensations, phases }: OrderTrace): TraceBreach[] {
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
    ...compensations.flatMap(({ plan, span }) =>
      hasSpan(plan)
        ? linkedTo(span, steps.find((step) => step.plan === plan)?.span, SPAN_NAMES.step(plan.title))
        : linkedTo(span, phases.confirm[0], TCC_SPAN_NAMES.confirm),
    ),
    ...[...phases.confirm, ...phases.cancel].flatMap((span) =>
      linkedTo(span, phases.try[0], TCC_SPAN_NAMES.try),
    ),
  ];
}
