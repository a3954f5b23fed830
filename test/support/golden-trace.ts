import type { Attributes } from '@opentelemetry/api';
import type { OrderView } from '../../src/domain/order';
import type { StoredSpan } from '../../src/telemetry/stored-span';
import { isBusinessSpan } from '../../src/traces/business-spans';
import { spanTrees } from '../../src/traces/span-tree';
import type { SpanNode } from '../../src/traces/span-tree';
import type { GoldenSpan } from '../e2e/golden/spans';

/** The business's part of a trace in the words of a golden one: ids are placeholders, spans are named. */
export function asGolden(spans: readonly StoredSpan[], order: OrderView): GoldenSpan[] {
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  const nameOf = (spanId: string | undefined) =>
    spanId === undefined ? 'no parent' : (names.get(spanId) ?? `nothing in the trace (${spanId})`);
  return spanTrees(spans, isBusinessSpan)
    .flatMap(topDown)
    .map((span) => ({
      name: span.name,
      parent: nameOf(span.parentSpanId),
      kind: span.kind,
      service: span.service,
      status: span.status,
      attributes: withPlaceholders(span.attributes, order),
      events: span.events.map(({ name, attributes }) => ({
        name,
        attributes: withPlaceholders(attributes, order),
      })),
      links: span.links.map(({ spanId }) => nameOf(spanId)),
      ...(span.running === true && { running: true }),
    }));
}

/** Every span before those below it, otherwise in the order in which they began. */
function topDown({ span, children }: SpanNode): StoredSpan[] {
  return [span, ...children.flatMap(topDown)];
}

function withPlaceholders(attributes: Attributes, { orderId, runId }: OrderView): Attributes {
  const placeholders = new Map([
    [orderId, '<order>'],
    [runId, '<run>'],
  ]);
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, placeholders.get(String(value)) ?? value]),
  );
}
