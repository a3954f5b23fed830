import type { OrderView } from '../../../src/domain/order';
import type { StoredSpan } from '../../../src/telemetry/stored-span';
import { lintTrace } from '../../../src/traces/lint-trace';
import { DECLINED, declinedTrace } from './sample-trace';

type Change = (span: StoredSpan) => StoredSpan;

/** The order as it was before it failed. */
export function withoutFailure({ failure: _, ...order }: OrderView): Omit<OrderView, 'failure'> {
  return order;
}

/** The good trace with one span changed. */
export function changed(spanId: string, change: Change): StoredSpan[] {
  return declinedTrace().map((span) => (span.spanId === spanId ? change(span) : span));
}

export function having(changes: Partial<StoredSpan>): Change {
  return (span) => ({ ...span, ...changes });
}

export function attribute(name: string, value: string | number | undefined): Change {
  return (span) => ({ ...span, attributes: { ...span.attributes, [name]: value } });
}

/** The good trace without one span. */
export function without(spanId: string): StoredSpan[] {
  return declinedTrace().filter((span) => span.spanId !== spanId);
}

/** The good trace with one span once more, changed. */
export function copied(spanId: string, changes: Partial<StoredSpan>): StoredSpan[] {
  const copies = declinedTrace().filter((span) => span.spanId === spanId);
  return [...declinedTrace(), ...copies.map(having(changes))];
}

/** What the linter says of `rule`. */
export function detailsOf(rule: string, spans: readonly StoredSpan[]): string {
  return lintTrace(spans, DECLINED)
    .filter((breach) => breach.rule === rule)
    .map(({ detail }) => detail)
    .join('\n');
}
