import { ATTR } from '../telemetry/semconv';
import type { StoredSpan } from '../telemetry/stored-span';
import type { RunHistory } from './run-history';

/** Everything that is known about a run's trace. */
export interface RunTrace {
  readonly workflowId: string;
  readonly runId: string;
  /** `service.name` of the worker. */
  readonly service: string;
  readonly history: RunHistory;
  /** The workflow's own spans, by a replay. */
  readonly ended: readonly StoredSpan[];
  readonly open: readonly StoredSpan[];
  /** What the trace store has. */
  readonly stored: readonly StoredSpan[];
}

/** The highest attempt under a `StartActivity` span that left a span. */
export function highestAttempt(spans: readonly StoredSpan[], startActivityId: string): number {
  return Math.max(
    0,
    ...spans
      .filter(({ parentSpanId }) => parentSpanId === startActivityId)
      .map(({ attributes }) => Number(attributes[ATTR.temporalActivityAttempt] ?? 0)),
  );
}
