import { describe, expect, it } from '@jest/globals';
import { ROOT_CONTEXT, propagation, trace } from '@opentelemetry/api';
import { defaultPayloadConverter } from '@temporalio/common';
import { contextOf, headersWith } from '../../../src/workflow-tracing/headers';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function sent(carrier: Record<string, string>) {
  return contextOf({ '_tracer-data': defaultPayloadConverter.toPayload(carrier) });
}

function received(context = ROOT_CONTEXT): unknown {
  const payload = headersWith(context, {})['_tracer-data'];
  return payload && defaultPayloadConverter.fromPayload(payload);
}

describe('the headers of a workflow', () => {
  it('hand on what came with them: trace, state and baggage', () => {
    const carrier = {
      traceparent: TRACEPARENT,
      tracestate: 'vendor=abc',
      baggage: 'tenant=a%20b;secret,plain=1',
    };
    const context = sent(carrier);
    expect(trace.getSpanContext(context)).toMatchObject({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      traceFlags: 1,
      isRemote: true,
    });
    expect(propagation.getBaggage(context)?.getEntry('tenant')?.value).toBe('a b');
    expect(received(context)).toEqual(carrier);
  });

  it('say that a trace is not sampled', () => {
    const carrier = { traceparent: TRACEPARENT.replace(/01$/, '00') };
    expect(received(sent(carrier))).toEqual(carrier);
  });

  it.each([
    ['no headers', {}],
    ['no traceparent', { tracestate: 'vendor=abc' }],
    ['a traceparent of zeros', { traceparent: `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01` }],
    ['a traceparent of another kind', { traceparent: 'yesterday' }],
    ['baggage without values', { baggage: 'tenant,=1, ' }],
  ])('come to nothing with %s', (_, carrier) => {
    expect(trace.getSpanContext(sent(carrier))).toBeUndefined();
    expect(received(sent(carrier))).toEqual({});
  });

  it('keep baggage that nobody has encoded', () => {
    expect(propagation.getBaggage(sent({ baggage: 'share=100%' }))?.getEntry('share')?.value).toBe('100%');
  });

  it('are kept beside those of others', () => {
    const other = defaultPayloadConverter.toPayload('of somebody else');
    expect(headersWith(ROOT_CONTEXT, { other })['other']).toBe(other);
    expect(contextOf({ other })).toBe(ROOT_CONTEXT);
  });
});
