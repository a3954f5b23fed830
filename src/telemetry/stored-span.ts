import type { Attributes, HrTime } from '@opentelemetry/api';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { hrTime } from '@opentelemetry/core';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { ATTR } from './semconv';

/** A span as `orders trace --json` shows it. Times are nanoseconds since 1970, as decimal strings. */
export interface StoredSpan {
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: keyof typeof SpanKind;
  readonly service: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code: keyof typeof SpanStatusCode; readonly message?: string };
  readonly attributes: Attributes;
  readonly events: readonly {
    readonly name: string;
    readonly timeUnixNano: string;
    readonly attributes: Attributes;
  }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** The span has not ended; its end is when this was written, its status and events are those so far. */
  readonly running?: true;
}

/** Everything of `span` that a reader of its trace may want, in plain JSON. */
export function toStoredSpan(span: ReadableSpan): StoredSpan {
  return {
    spanId: span.spanContext().spanId,
    ...(span.parentSpanContext !== undefined && { parentSpanId: span.parentSpanContext.spanId }),
    name: span.name,
    kind: SpanKind[span.kind] as keyof typeof SpanKind,
    service: String(span.resource.attributes[ATTR.serviceName]),
    startTimeUnixNano: nanoseconds(span.startTime),
    endTimeUnixNano: nanoseconds(span.ended ? span.endTime : hrTime()),
    status: {
      code: SpanStatusCode[span.status.code] as keyof typeof SpanStatusCode,
      ...(span.status.message !== undefined && { message: span.status.message }),
    },
    attributes: span.attributes,
    events: span.events.map((event) => ({
      name: event.name,
      timeUnixNano: nanoseconds(event.time),
      attributes: event.attributes ?? {},
    })),
    links: span.links.map(({ context }) => ({ traceId: context.traceId, spanId: context.spanId })),
    ...(!span.ended && { running: true }),
  };
}

/** As a string: today's nanoseconds are beyond what a number holds exactly. */
function nanoseconds([seconds, fraction]: HrTime): string {
  return String(seconds) + String(Math.min(Math.round(fraction), 999_999_999)).padStart(9, '0');
}
