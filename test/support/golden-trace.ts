import type { Attributes } from '@opentelemetry/api';
import type { OrderView } from '../../src/domain/order';
import type { StoredSpan } from '../../src/telemetry/stored-span';
import { isBusinessSpan } from '../../src/traces/business-spans';
import type { GoldenSpan } from '../e2e/golden/spans';

/** The business's part of a trace in the words of a golden one: ids are placeholders, spans are named. */
export function asGolden(spans: readonly StoredSpan[], order: OrderView): GoldenSpan[] {
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  const nameOf = (spanId: string | undefined) =>
    spanId === undefined ? 'no parent' : (names.get(spanId) ?? `nothing in the trace (${spanId})`);
  return spans
    .filter(isBusinessSpan)
    .sort(topDown)
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

/** The saga, which begins with its first step, comes before it. */
function topDown(a: StoredSpan, b: StoredSpan): number {
  const isSaga = ({ name }: StoredSpan) => name.startsWith('Saga: ');
  if (isSaga(a) !== isSaga(b)) return isSaga(a) ? -1 : 1;
  return Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano));
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
