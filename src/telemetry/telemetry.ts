import type { Tracer } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';
import type { PartMetrics } from './prometheus';
import type { RepeatableSpanProcessor } from './span-processors';

/**
 * What one part (a service, the worker, the CLI) observes with. Each part has its own, because its spans and
 * log lines carry its own `service.name`, also where several parts share a process.
 */
export interface Telemetry {
  /** Makes the part's spans. */
  readonly tracer: Tracer;
  /** Measures; started by its first use. */
  readonly metrics: PartMetrics;
  /** Writes JSON lines to stderr, each with the trace and span id that are active. */
  readonly logger: Logger;
  /** Sends what is waiting, then stops. */
  shutdown(): Promise<void>;
}

/** A {@link Telemetry} with the ends that others can feed: spans made elsewhere, and what became of them. */
export interface StartedTelemetry extends Telemetry {
  /** Who the part is: `service.name`, `service.version`, `OTEL_RESOURCE_ATTRIBUTES`. */
  readonly resource: Resource;
  /** Takes spans that the tracer did not make (the workflow isolate's); sampling and privacy apply to them too. */
  readonly spanProcessor: SpanProcessor & Partial<RepeatableSpanProcessor>;
  /** Keeps spans made elsewhere in sight while they are open. */
  readonly openSpans: OpenSpanView;
  /** Resolves when every span that has ended is stored or sent. */
  flush(): Promise<void>;
  /** Spans that could be neither stored nor sent, since the start. */
  readonly lostSpans: () => number;
}

export interface OpenSpanView {
  /** Says that the span of that id is open, or has changed; `look` tells how it is, and is seldom asked. */
  opened(spanId: string, look: () => ReadableSpan): void;
  /** Says that it has ended. */
  ended(spanId: string): void;
}
