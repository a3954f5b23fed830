import { ATTR } from '../telemetry/semconv';
import type { StoredSpan } from '../telemetry/stored-span';
import { spanTrees } from './span-tree';
import type { SpanNode } from './span-tree';

/**
 * The spans of a trace without those of other orders: a caller that places many orders under one span of its own
 * gives all of them one trace. What names no order stays.
 */
export function orderSpans(
  spans: readonly StoredSpan[],
  order: { readonly orderId: string; readonly workflowId: string },
): StoredSpan[] {
  const others = spanTrees(spans)
    // A second root of our own is a fault, whatever it names.
    .filter(({ span }) => span.parentSpanId !== undefined)
    .map(spansBelow)
    .filter((branch) => {
      const owners = branch.flatMap(({ attributes }) => [
        attributes[ATTR.orderId],
        attributes[ATTR.temporalWorkflowId],
      ]);
      const named = owners.filter((owner) => owner !== undefined);
      return named.length > 0 && !named.includes(order.orderId) && !named.includes(order.workflowId);
    });
  const dropped = new Set(others.flat());
  return spans.filter((span) => !dropped.has(span));
}

function spansBelow({ span, children }: SpanNode): StoredSpan[] {
  return [span, ...children.flatMap(spansBelow)];
}
