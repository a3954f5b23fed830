import type { HrTime } from '@opentelemetry/api';
import { createTraceState, TraceFlags } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { InjectedSinks } from '@temporalio/worker';
import type { WorkflowInfo } from '@temporalio/workflow';
import type { SpanData, WorkflowSpanSinks } from '../workflow-tracing/span-data';
import { ATTR } from './semconv';
import type { StartedTelemetry } from './telemetry';

/** The tracer of the spans that Temporal's interceptors would make. */
const PLUMBING_SCOPE = '@temporalio/interceptor-workflow';

/**
 * The worker's sink for what ends in the workflow isolate, which goes to the part's span processor, and for what is open
 * there, which is kept in sight.
 *
 * Spans that end in a replay are not taken: they were, when they first ended, or are found missing by the repair of
 * traces. What is open is told in a replay too: the process that knew may be dead.
 *
 * Only the ids of the workflow are added, to Temporal's own spans: no memo, no result, no failure.
 */
export function workflowSpanSink(
  telemetry: Pick<StartedTelemetry, 'resource' | 'spanProcessor' | 'openSpans'>,
): InjectedSinks<WorkflowSpanSinks> {
  const { resource, spanProcessor, openSpans } = telemetry;
  const onEnd = (spans: readonly ReadableSpan[]) => {
    if (spanProcessor.onEndRepeatable !== undefined) spanProcessor.onEndRepeatable(spans);
    else for (const span of spans) spanProcessor.onEnd(span);
  };
  return {
    workflowSpans: {
      changed: {
        callDuringReplay: true,
        fn: (info, { ended, open }) => {
          for (const span of open) openSpans.opened(span.spanId, () => fromIsolate(span, info, resource));
          if (info.unsafe.isReplayingHistoryEvents) {
            for (const span of ended) openSpans.ended(span.spanId);
          } else if (ended.length > 0) onEnd(ended.map((span) => fromIsolate(span, info, resource)));
        },
      },
    },
  };
}

/** The isolate's span as OpenTelemetry 2.x has it. */
export function fromIsolate(
  span: SpanData,
  info: Pick<WorkflowInfo, 'workflowId' | 'runId'>,
  resource: Resource,
): ReadableSpan {
  const { traceId, spanId, parentSpanId, remoteParent = false, traceState, start, end } = span;
  const spanContext = {
    traceId,
    spanId,
    traceFlags: TraceFlags.SAMPLED,
    ...(traceState !== undefined && traceState !== '' && { traceState: createTraceState(traceState) }),
  };
  return {
    name: span.name,
    kind: span.kind,
    spanContext: () => spanContext,
    ...(parentSpanId !== undefined && {
      parentSpanContext: { ...spanContext, spanId: parentSpanId, isRemote: remoteParent },
    }),
    startTime: hrTime(start),
    endTime: hrTime(end ?? 0),
    duration: hrTime(end === undefined ? 0 : end - start),
    ended: end !== undefined,
    status: span.status,
    attributes:
      span.scope === PLUMBING_SCOPE
        ? {
            ...span.attributes,
            [ATTR.temporalWorkflowId]: info.workflowId,
            [ATTR.temporalRunId]: info.runId,
          }
        : span.attributes,
    events: span.events.map(({ time, ...event }) => ({ ...event, time: hrTime(time) })),
    links: span.links.map(({ attributes, ...context }) => ({
      context,
      ...(attributes !== undefined && { attributes }),
    })),
    resource,
    instrumentationScope: { name: span.scope },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function hrTime(ms: number): HrTime {
  const seconds = Math.trunc(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1_000_000)];
}
