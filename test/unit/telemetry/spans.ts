import { randomBytes } from 'node:crypto';
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';

const resource = resourceFromAttributes({ 'service.name': 'order-service' });

/** A span as the SDK hands it to an exporter. */
export function readableSpan(
  given: Partial<Omit<ReadableSpan, 'spanContext'>> & {
    traceId?: string;
    spanId?: string;
    sampled?: boolean;
  } = {},
): ReadableSpan {
  const { traceId = newTraceId(), spanId = newSpanId(), sampled = true, ...fields } = given;
  const spanContext = { traceId, spanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE };
  return {
    name: 'Step: Create Order',
    kind: SpanKind.CLIENT,
    spanContext: () => spanContext,
    startTime: [1_700_000_000, 1],
    endTime: [1_700_000_001, 0],
    duration: [0, 999_999_999],
    ended: true,
    status: { code: SpanStatusCode.OK },
    attributes: {},
    events: [],
    links: [],
    resource,
    instrumentationScope: { name: 'saga' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    ...fields,
  };
}

export const newTraceId = () => randomBytes(16).toString('hex');
export const newSpanId = () => randomBytes(8).toString('hex');
