import type { StoredSpan } from '../telemetry/stored-span';
import { lintTrace } from './lint-trace';
import type { TracedOrder } from './lint/traced-order';
import { orderSpans } from './order-spans';

/** A trace as JSON: the same from the CLI and the API. */
export interface TraceDocument {
  readonly traceId: string;
  /** Whether it is as it should be (`lintTrace`). */
  readonly complete: boolean;
  readonly spans: readonly StoredSpan[];
}

/** The order's own part of a trace. */
export function traceDocument(
  traceId: string,
  spans: readonly StoredSpan[],
  order: TracedOrder & { readonly workflowId: string },
): TraceDocument {
  const own = orderSpans(spans, order);
  return { traceId, complete: lintTrace(own, order).length === 0, spans: own };
}
