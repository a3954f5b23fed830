import type { AttributeValue, Attributes } from '@opentelemetry/api';
import type { StoredSpan } from '../telemetry/stored-span';

/** Numbers of the OTLP protocol (opentelemetry-proto, trace.proto). */
const OTLP_KIND = { INTERNAL: 1, SERVER: 2, CLIENT: 3, PRODUCER: 4, CONSUMER: 5 } as const;
const OTLP_STATUS = { UNSET: 0, OK: 1, ERROR: 2 } as const;

/** The trace as OTLP/JSON: what a collector's file receiver and Jaeger's upload take. */
export function toOtlp(traceId: string, spans: readonly StoredSpan[]): object {
  return {
    resourceSpans: services(spans).map((service) => ({
      resource: { attributes: [keyValue('service.name', service)] },
      scopeSpans: [
        {
          scope: { name: 'durable-orders' },
          spans: spans.filter((span) => span.service === service).map((span) => otlpSpan(traceId, span)),
        },
      ],
    })),
  };
}

function otlpSpan(traceId: string, span: StoredSpan): object {
  return {
    traceId,
    spanId: span.spanId,
    ...(span.parentSpanId !== undefined && { parentSpanId: span.parentSpanId }),
    name: span.name,
    kind: OTLP_KIND[span.kind],
    startTimeUnixNano: span.startTimeUnixNano,
    endTimeUnixNano: span.endTimeUnixNano,
    attributes: keyValues(span.attributes),
    events: span.events.map((event) => ({
      name: event.name,
      timeUnixNano: event.timeUnixNano,
      attributes: keyValues(event.attributes),
    })),
    links: span.links,
    status: { code: OTLP_STATUS[span.status.code], message: span.status.message },
  };
}

function keyValues(attributes: Attributes): object[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [keyValue(key, value)],
  );
}

function keyValue(key: string, value: AttributeValue): object {
  return { key, value: anyValue(value) };
}

function anyValue(value: unknown): object {
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value !== 'number') return { stringValue: String(value) };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

/** The trace as Jaeger's UI downloads and uploads it; times in µs. */
export function toJaeger(traceId: string, spans: readonly StoredSpan[]): object {
  const processes = new Map(services(spans).map((service, index) => [service, `p${String(index + 1)}`]));
  return {
    data: [
      {
        traceID: traceId,
        processes: Object.fromEntries(
          [...processes].map(([serviceName, id]) => [id, { serviceName, tags: [] }]),
        ),
        spans: spans.map((span) => jaegerSpan(traceId, span, processes.get(span.service) ?? '')),
      },
    ],
  };
}

function jaegerSpan(traceID: string, span: StoredSpan, processID: string): object {
  const parent =
    span.parentSpanId === undefined ? [] : [{ refType: 'CHILD_OF', traceID, spanID: span.parentSpanId }];
  const links = span.links.map((link) => ({
    refType: 'FOLLOWS_FROM',
    traceID: link.traceId,
    spanID: link.spanId,
  }));
  return {
    traceID,
    spanID: span.spanId,
    operationName: span.name,
    references: [...parent, ...links],
    startTime: microseconds(span.startTimeUnixNano),
    duration: microseconds(span.endTimeUnixNano) - microseconds(span.startTimeUnixNano),
    tags: [
      ...tags(span.attributes),
      tag('span.kind', span.kind.toLowerCase()),
      ...(span.status.code === 'UNSET' ? [] : [tag('otel.status_code', span.status.code)]),
      ...(span.status.message === undefined ? [] : [tag('otel.status_description', span.status.message)]),
      ...(span.status.code === 'ERROR' ? [tag('error', true)] : []),
    ],
    logs: span.events.map((event) => ({
      timestamp: microseconds(event.timeUnixNano),
      fields: [tag('event', event.name), ...tags(event.attributes)],
    })),
    processID,
  };
}

function tags(attributes: Attributes): object[] {
  return Object.entries(attributes).flatMap(([key, value]) => (value === undefined ? [] : [tag(key, value)]));
}

function tag(key: string, value: AttributeValue): object {
  if (typeof value === 'boolean') return { key, type: 'bool', value };
  if (typeof value !== 'number') return { key, type: 'string', value: String(value) };
  return { key, type: Number.isInteger(value) ? 'int64' : 'float64', value };
}

function microseconds(nanoseconds: string): number {
  return Number(BigInt(nanoseconds) / 1000n);
}

function services(spans: readonly StoredSpan[]): string[] {
  return [...new Set(spans.map(({ service }) => service))];
}
