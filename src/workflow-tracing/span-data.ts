import type { Attributes, SpanKind, SpanStatus } from '@opentelemetry/api';
import type { Sink, Sinks } from '@temporalio/workflow';

/** A span as it leaves the workflow isolate: plain data, as little as there can be. Times are ms since 1970. */
export interface SpanData {
  readonly name: string;
  readonly kind: SpanKind;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  /** The parent was made elsewhere: it is the caller's. */
  readonly remoteParent?: true;
  /** W3C `tracestate`, as it came. */
  readonly traceState?: string;
  readonly scope: string;
  readonly start: number;
  /** Absent while the span is open. */
  readonly end?: number;
  readonly status: SpanStatus;
  readonly attributes: Attributes;
  readonly events: readonly EventData[];
  readonly links: readonly LinkData[];
}

export interface EventData {
  readonly name: string;
  readonly time: number;
  readonly attributes?: Attributes;
}

export interface LinkData {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly attributes?: Attributes;
}

/** What a worker must offer to workflows that are traced. */
export interface WorkflowSpanSinks extends Sinks {
  workflowSpans: WorkflowSpanSink;
}

interface WorkflowSpanSink extends Sink {
  /**
   * What an activation has changed: the spans that have ended in it, and those that have begun or changed and are open.
   */
  changed(spans: { readonly ended: readonly SpanData[]; readonly open: readonly SpanData[] }): void;
}
