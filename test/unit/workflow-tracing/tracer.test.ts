import { beforeEach, describe, expect, it } from '@jest/globals';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import type { SpanContext } from '@opentelemetry/api';
import { WorkflowSpans } from '../../../src/workflow-tracing/tracer';

const PARENT: SpanContext = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.SAMPLED,
  isRemote: true,
};
const under = (parent: SpanContext) => trace.setSpanContext(ROOT_CONTEXT, parent);

let spans: WorkflowSpans;
beforeEach(() => {
  spans = new WorkflowSpans();
});
const tracer = () => spans.getTracer('saga');

describe('the spans of a workflow', () => {
  it('are children of their caller, and say so', () => {
    const span = tracer().startSpan('Step', { kind: SpanKind.CLIENT, startTime: 1_000 }, under(PARENT));
    const link = { context: { ...PARENT, traceId: 'a'.repeat(32) }, attributes: { why: 'undoes' } };
    span
      .setAttribute('a', 1)
      .setAttributes({ b: [true] })
      .addLink(link)
      .updateName('Step: Ship');
    span.addEvent('shipped', { parcel: 1 }, new Date(1_500)).addEvent('gone', [2, 5_000_000]);
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'no' });
    span.end(2_250);
    expect(spans.take()).toEqual({
      open: [],
      ended: [
        {
          name: 'Step: Ship',
          kind: SpanKind.CLIENT,
          traceId: PARENT.traceId,
          spanId: span.spanContext().spanId,
          parentSpanId: PARENT.spanId,
          remoteParent: true,
          scope: 'saga',
          start: 1_000,
          end: 2_250,
          status: { code: SpanStatusCode.ERROR, message: 'no' },
          attributes: { a: 1, b: [true] },
          events: [
            { name: 'shipped', time: 1_500, attributes: { parcel: 1 } },
            { name: 'gone', time: 2_005 },
          ],
          links: [
            { traceId: 'a'.repeat(32), spanId: PARENT.spanId, traceFlags: 1, attributes: { why: 'undoes' } },
          ],
        },
      ],
    });
  });

  it('are told when they change, each as it is by then, and in the order of their ends', () => {
    const outer = tracer().startSpan('outer', {}, under(PARENT));
    const inner = tracer().startSpan('inner', {}, trace.setSpan(ROOT_CONTEXT, outer));
    const names = () => {
      const taken = spans.take();
      return (
        taken && { ended: taken.ended.map(({ name }) => name), open: taken.open.map(({ name }) => name) }
      );
    };
    expect(names()).toEqual({ ended: [], open: ['outer', 'inner'] });
    expect(names()).toBeUndefined();
    outer.addEvent('something');
    expect(names()).toEqual({ ended: [], open: ['outer'] });
    inner.end();
    outer.end();
    expect(names()).toEqual({ ended: ['inner', 'outer'], open: [] });
  });

  it('stay as they were when they ended', () => {
    const span = tracer().startSpan('Step', {}, under(PARENT));
    span.end();
    spans.take();
    expect(span.isRecording()).toBe(false);
    span.setAttribute('late', 1).addEvent('late').setStatus({ code: SpanStatusCode.OK });
    span.recordException(new Error('late'));
    span.end();
    expect(spans.take()).toBeUndefined();
  });

  it('begin a trace where there is none', () => {
    const { traceId, spanId, traceFlags } = tracer().startSpan('Step', {}, ROOT_CONTEXT).spanContext();
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(traceFlags).toBe(TraceFlags.SAMPLED);
    expect(tracer().startSpan('Step', { root: true }, under(PARENT)).spanContext().traceId).not.toBe(
      PARENT.traceId,
    );
  });

  it('have ids, and nothing else, when their caller was not sampled', () => {
    const span = tracer().startSpan('Step', {}, under({ ...PARENT, traceFlags: TraceFlags.NONE }));
    expect(span.spanContext()).toMatchObject({ traceId: PARENT.traceId, traceFlags: TraceFlags.NONE });
    span.addEvent('something').end();
    expect(spans.take()).toBeUndefined();
  });

  it('record an exception by name and message, without its stack', () => {
    const span = tracer().startSpan('Step', {}, under(PARENT));
    span.recordException(new TypeError('wrong'));
    span.recordException('plain');
    expect(spans.take()?.open[0]?.events).toMatchObject([
      { name: 'exception', attributes: { 'exception.type': 'TypeError', 'exception.message': 'wrong' } },
      { name: 'exception', attributes: { 'exception.message': 'plain' } },
    ]);
  });
});
