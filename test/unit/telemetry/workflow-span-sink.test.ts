import { describe, expect, it } from '@jest/globals';
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { SerializableSpan } from '@temporalio/interceptors-opentelemetry';
import { fromIsolate } from '../../../src/telemetry/workflow-span-sink';
import { newSpanId, newTraceId } from './spans';

const info = { workflowId: 'order-1', runId: 'run-1' };
const resource = resourceFromAttributes({ 'service.name': 'order-service' });

function isolateSpan(given: Partial<SerializableSpan> = {}): SerializableSpan {
  return {
    name: 'Step: Create Order',
    kind: SpanKind.CLIENT,
    spanContext: { traceId: newTraceId(), spanId: newSpanId(), traceFlags: TraceFlags.SAMPLED },
    startTime: [1, 0],
    endTime: [2, 0],
    status: { code: SpanStatusCode.OK },
    attributes: { 'saga.step': 'create_order' },
    links: [],
    events: [],
    duration: [1, 0],
    ended: true,
    droppedAttributesCount: 0,
    droppedLinksCount: 0,
    droppedEventsCount: 0,
    instrumentationLibrary: { name: 'saga' },
    ...given,
  };
}

describe('fromIsolate', () => {
  it('gives the span its parent, scope and resource as OpenTelemetry 2 has them', () => {
    const parentSpanId = newSpanId();
    const given = isolateSpan({ parentSpanId, instrumentationLibrary: { name: 'saga', version: '1' } });
    const span = fromIsolate(given, info, resource);
    expect(span.spanContext()).toEqual(given.spanContext);
    expect(span.parentSpanContext).toEqual({ ...given.spanContext, spanId: parentSpanId, isRemote: false });
    expect(span.instrumentationScope).toEqual({ name: 'saga', version: '1' });
    expect(span.resource).toBe(resource);
    expect(span.attributes).toEqual({ 'saga.step': 'create_order' });
    expect(fromIsolate(isolateSpan(), info, resource)).not.toHaveProperty('parentSpanContext');
  });

  it("puts the workflow's ids on Temporal's own spans and marks the parent of the run as remote", () => {
    const span = fromIsolate(
      isolateSpan({
        name: 'RunWorkflow:orderSaga',
        parentSpanId: newSpanId(),
        attributes: {},
        instrumentationLibrary: { name: '@temporalio/interceptor-workflow' },
      }),
      info,
      resource,
    );
    expect(span.attributes).toEqual({ temporalWorkflowId: 'order-1', run_id: 'run-1' });
    expect(span.parentSpanContext?.isRemote).toBe(true);
  });

  it('restores the tracestate of the span and drops the broken one of its links', () => {
    const traceState = { broken: 'at the edge of the isolate' };
    const link = { traceId: newTraceId(), spanId: newSpanId(), traceFlags: TraceFlags.SAMPLED };
    const given = isolateSpan({ links: [{ context: { ...link, traceState } as never }] });
    const span = fromIsolate(
      { ...given, spanContext: { ...given.spanContext, traceState: 'vendor=abc' } },
      info,
      resource,
    );
    expect(span.spanContext().traceState?.get('vendor')).toBe('abc');
    expect(span.links).toEqual([{ context: link }]);
  });
});
