import type { Link, SpanContext } from '@opentelemetry/api';
import { createTraceState, TraceFlags } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { OpenTelemetrySinks, SerializableSpan } from '@temporalio/interceptors-opentelemetry';
import type { InjectedSinks } from '@temporalio/worker';
import type { WorkflowInfo } from '@temporalio/workflow';
import type { OpenSpanSinks } from '../saga/open-spans';
import { ATTR } from './semconv';
import type { StartedTelemetry } from './telemetry';

/** The tracer of Temporal's workflow interceptors. */
const PLUMBING_SCOPE = '@temporalio/interceptor-workflow';

/**
 * The worker's sinks for spans: `exporter` takes each span that ended in the workflow isolate to the part's span
 * processor, `openSpans` keeps those in sight that have not.
 *
 * Spans that end in a replay are not taken: they were, when they first ended, or are found missing by the repair of
 * traces. What is open is told in a replay too: the process that knew may be dead.
 *
 * It stands in for the stock `makeWorkflowExporter`, which puts the whole `WorkflowInfo` (memo, last result, last
 * failure) on every span; this one adds the ids of the workflow to Temporal's own spans, and nothing else.
 */
export function workflowSpanSink(
  telemetry: Pick<StartedTelemetry, 'resource' | 'spanProcessor' | 'openSpans'>,
): InjectedSinks<OpenTelemetrySinks & OpenSpanSinks> {
  return {
    exporter: {
      export: {
        callDuringReplay: false,
        fn: (info, spans) => {
          for (const span of spans) {
            telemetry.spanProcessor.onEnd(fromIsolate(span, info, telemetry.resource));
          }
        },
      },
    },
    openSpans: {
      report: {
        callDuringReplay: true,
        fn: (info, spans) => {
          telemetry.openSpans.set(
            info.runId,
            spans.filter(isSampled).map((span) => fromIsolate(span, info, telemetry.resource)),
          );
        },
      },
    },
  };
}

/** The isolate's OpenTelemetry 1.x span as the host's 2.x has it. */
export function fromIsolate(
  span: SerializableSpan,
  info: Pick<WorkflowInfo, 'workflowId' | 'runId'>,
  resource: Resource,
): ReadableSpan {
  const spanContext = contextOf(span);
  const isPlumbing = span.instrumentationLibrary.name === PLUMBING_SCOPE;
  const { name, version, schemaUrl } = span.instrumentationLibrary;
  return {
    name: span.name,
    kind: span.kind,
    spanContext: () => spanContext,
    ...(span.parentSpanId !== undefined && {
      // Only the span of the whole run has its parent in another process.
      parentSpanContext: {
        ...spanContext,
        spanId: span.parentSpanId,
        isRemote: isPlumbing && span.name.startsWith('RunWorkflow:'),
      },
    }),
    startTime: span.startTime,
    endTime: span.endTime,
    duration: span.duration,
    ended: span.ended,
    status: span.status,
    attributes: isPlumbing
      ? {
          ...span.attributes,
          [ATTR.temporalWorkflowId]: info.workflowId,
          [ATTR.temporalRunId]: info.runId,
        }
      : span.attributes,
    events: span.events,
    links: span.links.map(plainLink),
    resource,
    instrumentationScope: {
      name,
      ...(version !== undefined && { version }),
      ...(schemaUrl !== undefined && { schemaUrl }),
    },
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
  };
}

/** Whether the isolate's span may leave it. */
export function isSampled({ spanContext }: SerializableSpan): boolean {
  return (spanContext.traceFlags & TraceFlags.SAMPLED) !== 0;
}

function contextOf({ spanContext }: SerializableSpan): SpanContext {
  const { traceId, spanId, traceFlags, traceState } = spanContext;
  return {
    traceId,
    spanId,
    traceFlags,
    ...(traceState !== undefined && traceState !== '' && { traceState: createTraceState(traceState) }),
  };
}

/** A link's `traceState` lost its methods at the isolate's edge, and the OTLP exporter would call them. */
function plainLink({ context: { traceId, spanId, traceFlags }, attributes }: Link): Link {
  return { context: { traceId, spanId, traceFlags }, ...(attributes !== undefined && { attributes }) };
}
