import { ATTR } from '../telemetry/semconv';
import type { StoredSpan } from '../telemetry/stored-span';

const RUN = 'RunWorkflow:';

/**
 * The spans of an order's trace without those of its other runs: an order that the guardian took over has two, or more,
 * under the span that started it.
 */
export function runSpans(spans: readonly StoredSpan[], runId: string): StoredSpan[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const isOfOther = (span: StoredSpan): boolean => {
    const above = new Set<StoredSpan>();
    for (let at: StoredSpan | undefined = span; at !== undefined && !above.has(at);) {
      if (at.name.startsWith(RUN)) return at.attributes[ATTR.temporalRunId] !== runId;
      above.add(at);
      at = byId.get(at.parentSpanId ?? '');
    }
    return false;
  };
  return spans.filter((span) => !isOfOther(span));
}
