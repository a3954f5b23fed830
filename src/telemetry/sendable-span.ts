import type { Attributes, HrTime, Link, SpanContext } from '@opentelemetry/api';
import { createTraceState, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { StoredSpan } from './stored-span';

const SAMPLED: number = TraceFlags.SAMPLED;

/** What OTLP sends of a span context beyond its ids; what is usual (sampled, local, no state) is left out. */
interface ContextDetails {
  readonly flags?: number;
  readonly state?: string;
  readonly remote?: true;
}

interface LinkDetails extends ContextDetails {
  readonly attributes?: Attributes;
}

/** What OTLP sends of a span and {@link StoredSpan} does not say. */
export interface WireDetails extends ContextDetails {
  readonly scope: InstrumentationScope;
  /** The parent is in another process. */
  readonly remoteParent?: true;
  /** Attributes, events and links that did not fit. */
  readonly dropped?: readonly [number, number, number];
  readonly links?: readonly (LinkDetails | null)[];
}

/** What has to be stored beside {@link StoredSpan} so that the span can be sent later, as JSON. */
export function wireDetails(span: ReadableSpan): string {
  const { droppedAttributesCount, droppedEventsCount, droppedLinksCount } = span;
  const dropped = [droppedAttributesCount, droppedEventsCount, droppedLinksCount] as const;
  const links = span.links.map(linkDetails);
  const details: WireDetails = {
    scope: span.instrumentationScope,
    ...contextDetails(span.spanContext()),
    ...(span.parentSpanContext?.isRemote === true && { remoteParent: true }),
    ...(dropped.some((count) => count > 0) && { dropped }),
    ...(links.some((link) => link !== null) && { links }),
  };
  return JSON.stringify(details);
}

function contextDetails({ traceFlags, traceState, isRemote }: SpanContext): ContextDetails {
  const state = traceState?.serialize();
  return {
    ...(traceFlags !== SAMPLED && { flags: traceFlags }),
    ...(state !== undefined && state !== '' && { state }),
    ...(isRemote === true && { remote: true }),
  };
}

function linkDetails({ context, attributes }: Link): LinkDetails | null {
  const details = {
    ...contextDetails(context),
    ...(attributes !== undefined && Object.keys(attributes).length > 0 && { attributes }),
  };
  return Object.keys(details).length === 0 ? null : details;
}

/** A span as it was stored. */
export interface OutgoingSpan {
  readonly traceId: string;
  /** JSON of a {@link StoredSpan} that has ended. */
  readonly span: string;
  /** What {@link wireDetails} made of it. */
  readonly wire: string;
}

/**
 * The spans as an exporter wants them: it sends the same bytes as it would have of the originals.
 *
 * @param resource who made them.
 */
export function toSendableSpans(stored: readonly OutgoingSpan[], resource: Resource): ReadableSpan[] {
  // Nearly all have the same details.
  const parsed = new Map<string, WireDetails>();
  return stored.map(({ traceId, span, wire }) => {
    let details = parsed.get(wire);
    if (details === undefined) parsed.set(wire, (details = JSON.parse(wire) as WireDetails));
    return toSendableSpan(traceId, JSON.parse(span) as StoredSpan, details, resource);
  });
}

/** One of {@link toSendableSpans}. */
export function toSendableSpan(
  traceId: string,
  span: StoredSpan,
  details: WireDetails,
  resource: Resource,
): ReadableSpan {
  const spanContext = contextOf(traceId, span.spanId, details);
  const [droppedAttributesCount, droppedEventsCount, droppedLinksCount] = details.dropped ?? [0, 0, 0];
  return {
    name: span.name,
    kind: SpanKind[span.kind],
    spanContext: () => spanContext,
    ...(span.parentSpanId !== undefined && {
      parentSpanContext: {
        traceId,
        spanId: span.parentSpanId,
        traceFlags: spanContext.traceFlags,
        ...(details.remoteParent && { isRemote: true }),
      },
    }),
    startTime: hrTimeOf(span.startTimeUnixNano),
    endTime: hrTimeOf(span.endTimeUnixNano),
    // OTLP has both ends and no duration.
    duration: [0, 0],
    ended: true,
    status: {
      code: SpanStatusCode[span.status.code],
      ...(span.status.message !== undefined && { message: span.status.message }),
    },
    attributes: span.attributes,
    events: span.events.map(({ name, timeUnixNano, attributes }) => ({
      name,
      time: hrTimeOf(timeUnixNano),
      attributes,
    })),
    links: span.links.map((link, index) => linkOf(link, details.links?.[index] ?? {})),
    resource,
    instrumentationScope: details.scope,
    droppedAttributesCount,
    droppedEventsCount,
    droppedLinksCount,
  };
}

function linkOf({ traceId, spanId }: StoredSpan['links'][number], details: LinkDetails): Link {
  return {
    context: contextOf(traceId, spanId, details),
    ...(details.attributes !== undefined && { attributes: details.attributes }),
  };
}

function contextOf(traceId: string, spanId: string, details: ContextDetails): SpanContext {
  const { flags = SAMPLED, state, remote } = details;
  return {
    traceId,
    spanId,
    traceFlags: flags,
    ...(state !== undefined && { traceState: createTraceState(state) }),
    ...(remote && { isRemote: true }),
  };
}

function hrTimeOf(nanoseconds: string): HrTime {
  return [Number(nanoseconds.slice(0, -9)), Number(nanoseconds.slice(-9))];
}
