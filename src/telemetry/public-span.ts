import type { Attributes, AttributeValue, SpanStatus } from '@opentelemetry/api';
import { SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace-base';
import { ERRORS, isErrorCode } from '../domain/errors';
import { ATTR, EXCEPTION_EVENT, isAllowedAttribute } from './semconv';

/**
 * The span as it may leave the process: attributes, events and links keep the names of the allow-list, and free
 * text stays only where it is the business's own.
 *
 * The texts of a saga or TCC span are written by the kit, as reasons for people. Everybody else's (what
 * Temporal's interceptors record of an error) may quote a payload: there, only the error's type is kept, with
 * the title of its code when that is one of ours. Stack traces are dropped.
 */
export function publicSpan(span: ReadableSpan): ReadableSpan {
  const isBusiness = ATTR.sagaId in span.attributes || ATTR.tccId in span.attributes;
  const attributes = allowed(span.attributes);
  const errorType = span.status.code === SpanStatusCode.ERROR ? errorTypeOf(span) : undefined;
  if (errorType !== undefined) attributes[ATTR.errorType] = errorType;
  return {
    name: span.name,
    kind: span.kind,
    spanContext: () => span.spanContext(),
    ...(span.parentSpanContext !== undefined && { parentSpanContext: span.parentSpanContext }),
    startTime: span.startTime,
    endTime: span.endTime,
    duration: span.duration,
    ended: span.ended,
    status: publicStatus(span.status, errorType, isBusiness),
    attributes,
    events: span.events.map((event) => publicEvent(event, isBusiness)),
    links: span.links.map((link) => ({
      context: link.context,
      ...(link.attributes !== undefined && { attributes: allowed(link.attributes) }),
    })),
    resource: span.resource,
    instrumentationScope: span.instrumentationScope,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
  };
}

function allowed(attributes: Attributes): Attributes {
  const kept: Attributes = {};
  for (const name in attributes) if (isAllowedAttribute(name)) kept[name] = attributes[name];
  return kept;
}

function publicStatus(status: SpanStatus, errorType: string | undefined, isBusiness: boolean): SpanStatus {
  if (isBusiness) return status;
  return { code: status.code, ...(isErrorCode(errorType) && { message: ERRORS[errorType].title }) };
}

function publicEvent(event: TimedEvent, isBusiness: boolean): TimedEvent {
  if (event.attributes === undefined) return event;
  const { [ATTR.exceptionMessage]: reason, ...attributes } = allowed(event.attributes);
  if (event.name === EXCEPTION_EVENT)
    attributes[ATTR.exceptionType] = plainType(attributes[ATTR.exceptionType]);
  if (isBusiness && reason !== undefined) attributes[ATTR.exceptionMessage] = reason;
  return { ...event, attributes };
}

function errorTypeOf(span: ReadableSpan): string {
  const exception = span.events.findLast((event) => event.name === EXCEPTION_EVENT);
  return plainType(span.attributes[ATTR.errorType] ?? exception?.attributes?.[ATTR.exceptionType]);
}

/** An error's type is whatever somebody threw: what does not look like a name or a code is not one. */
function plainType(type: AttributeValue | undefined): string {
  return typeof type === 'string' && /^[\w.:-]{1,64}$/.test(type) ? type : '_OTHER';
}
