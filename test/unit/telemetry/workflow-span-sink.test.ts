import { describe, expect, it } from '@jest/globals';
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { fromIsolate } from '../../../src/telemetry/workflow-span-sink';
import type { SpanData } from '../../../src/workflow-tracing/span-data';
import { newSpanId, newTraceId } from './spans';

const info = { workflowId: 'order-1', runId: 'run-1' };
const resource = resourceFromAttributes({ 'service.name': 'order-service' });

function isolateSpan(given: Partial<SpanData> = {}): SpanData {
  return {
    name: 'Step: Create Order',
    kind: SpanKind.CLIENT,
    traceId: newTraceId(),
    spanId: newSpanId(),
    scope: 'saga',
    start: 1_500,
    end: 3_750,
    status: { code: SpanStatusCode.OK },
    attributes: { 'saga.step': 'create_order' },
    links: [],
    events: [],
    ...given,
  };
}

describe('fromIsolate', () => {
  it('gives the span its parent, times, scope and resource as OpenTelemetry 2 has them', () => {
    const parentSpanId = newSpanId();
    const given = isolateSpan({ parentSpanId, events: [{ name: 'declined', time: 2_001 }] });
    const { traceId, spanId } = given;
    const span = fromIsolate(given, info, resource);
    expect(span.spanContext()).toEqual({ traceId, spanId, traceFlags: TraceFlags.SAMPLED });
    expect(span.parentSpanContext).toEqual({ ...span.spanContext(), spanId: parentSpanId, isRemote: false });
    expect(span.instrumentationScope).toEqual({ name: 'saga' });
    expect(span.resource).toBe(resource);
    expect(span.attributes).toEqual({ 'saga.step': 'create_order' });
    expect([span.startTime, span.endTime, span.duration, span.events[0]?.time]).toEqual([
      [1, 500_000_000],
      [3, 750_000_000],
      [2, 250_000_000],
      [2, 1_000_000],
    ]);
    expect(span.ended).toBe(true);
    expect(fromIsolate(isolateSpan(), info, resource)).not.toHaveProperty('parentSpanContext');
  });

  it('knows a span that is open', () => {
    const { end: _, ...open } = isolateSpan();
    expect(fromIsolate(open, info, resource).ended).toBe(false);
  });

  it("puts the workflow's ids on Temporal's own spans and knows a parent that was made elsewhere", () => {
    const span = fromIsolate(
      isolateSpan({
        name: 'RunWorkflow:orderSaga',
        parentSpanId: newSpanId(),
        remoteParent: true,
        attributes: {},
        scope: '@temporalio/interceptor-workflow',
      }),
      info,
      resource,
    );
    expect(span.attributes).toEqual({ temporalWorkflowId: 'order-1', run_id: 'run-1' });
    expect(span.parentSpanContext?.isRemote).toBe(true);
  });

  it('restores the tracestate of the span and has none in its links', () => {
    const link = { traceId: newTraceId(), spanId: newSpanId(), traceFlags: TraceFlags.SAMPLED };
    const span = fromIsolate(isolateSpan({ links: [link], traceState: 'vendor=abc' }), info, resource);
    expect(span.spanContext().traceState?.get('vendor')).toBe('abc');
    expect(span.links).toEqual([{ context: link }]);
  });
});
