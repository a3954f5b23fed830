import { breach, labelOf } from './breach';
import type { TraceBreach } from './breach';
import type { OrderTrace } from './order-trace';

/** Every round of a compensation is linked to the span of the step that it undoes, and to nothing else. */
export function linkBreaches({ spans, steps, compensations }: OrderTrace): TraceBreach[] {
  const nameOf = (spanId: string) => {
    const span = spans.find((candidate) => candidate.spanId === spanId);
    return span === undefined ? spanId : labelOf(span);
  };
  return compensations.flatMap(({ plan, span }) => {
    const undone = steps.find((step) => step.plan === plan)?.span;
    const [link, ...more] = span.links;
    if (link !== undefined && more.length === 0 && link.spanId === undone?.spanId) return [];
    const found = span.links.map(({ spanId }) => nameOf(spanId)).join(', ');
    const expected = `one to ${undone === undefined ? `Step: ${plan.title}` : labelOf(undone)}`;
    return [breach('compensation_link', span, found === '' ? 'no link' : `links to ${found}`, expected)];
  });
}
