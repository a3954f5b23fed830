import {
  ROOT_CONTEXT,
  TraceFlags,
  baggageEntryMetadataFromString,
  createTraceState,
  isSpanContextValid,
  propagation,
  trace,
} from '@opentelemetry/api';
import type { BaggageEntry, Context } from '@opentelemetry/api';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Headers } from '@temporalio/common';

/** Where Temporal's interceptors keep the context; ours at the client and in activities are theirs. */
const TRACE_HEADER = '_tracer-data';

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

interface Carrier {
  traceparent?: string;
  tracestate?: string;
  baggage?: string;
}

/** The context that came with the headers: W3C Trace Context and Baggage. */
export function contextOf(headers: Headers): Context {
  const payload = headers[TRACE_HEADER];
  if (payload === undefined) return ROOT_CONTEXT;
  const { traceparent, tracestate, baggage } = defaultPayloadConverter.fromPayload<Carrier>(payload);
  let context = ROOT_CONTEXT;
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  if (traceId !== undefined && spanId !== undefined && flags !== undefined) {
    const parent = {
      traceId,
      spanId,
      traceFlags: Number.parseInt(flags, 16),
      isRemote: true,
      ...(tracestate !== undefined && { traceState: createTraceState(tracestate) }),
    };
    if (isSpanContextValid(parent)) context = trace.setSpanContext(context, parent);
  }
  return baggage === undefined ? context : withBaggage(context, baggage);
}

/** The headers with `context` in them. */
export function headersWith(context: Context, headers: Headers): Headers {
  const carrier: Carrier = {};
  const span = trace.getSpanContext(context);
  if (span !== undefined && isSpanContextValid(span)) {
    const flags = (span.traceFlags & TraceFlags.SAMPLED).toString(16).padStart(2, '0');
    carrier.traceparent = `00-${span.traceId}-${span.spanId}-${flags}`;
    if (span.traceState !== undefined) carrier.tracestate = span.traceState.serialize();
  }
  const entries = propagation.getBaggage(context)?.getAllEntries() ?? [];
  if (entries.length > 0) carrier.baggage = entries.map(baggageMember).join(',');
  return { ...headers, [TRACE_HEADER]: defaultPayloadConverter.toPayload(carrier) };
}

function withBaggage(context: Context, header: string): Context {
  const entries: Record<string, BaggageEntry> = {};
  for (const member of header.split(',')) {
    const [pair = '', ...metadata] = member.split(';');
    const [key = '', value] = pair.split('=').map((part) => part.trim());
    if (key === '' || value === undefined) continue;
    entries[decoded(key)] = {
      value: decoded(value),
      ...(metadata.length > 0 && { metadata: baggageEntryMetadataFromString(metadata.join(';')) }),
    };
  }
  return propagation.setBaggage(context, propagation.createBaggage(entries));
}

function baggageMember([key, { value, metadata }]: [string, BaggageEntry]): string {
  const pair = `${encodeURIComponent(key)}=${encodeURIComponent(value)}`;
  return metadata === undefined ? pair : `${pair};${metadata.toString()}`;
}

/** Whoever wrote it may not have encoded it. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
