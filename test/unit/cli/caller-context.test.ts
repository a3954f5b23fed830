import { describe, expect, it } from '@jest/globals';
import { propagation, trace } from '@opentelemetry/api';
import { callerContext } from '../../../src/cli/caller-context';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE_ID}-${SPAN_ID}-01`;

const spanOf = (environment: Record<string, string>) => trace.getSpanContext(callerContext(environment));
const baggageOf = (environment: Record<string, string>) =>
  propagation.getBaggage(callerContext(environment))?.getAllEntries();

describe("the caller's context", () => {
  it('is the span that TRACEPARENT names, in another process', () => {
    expect(spanOf({ TRACEPARENT })).toEqual({
      traceId: TRACE_ID,
      spanId: SPAN_ID,
      traceFlags: 1,
      isRemote: true,
    });
  });

  it('says when the caller does not record', () => {
    expect(spanOf({ TRACEPARENT: `00-${TRACE_ID}-${SPAN_ID}-00` })).toMatchObject({ traceFlags: 0 });
  });

  it("has the caller's trace state and baggage", () => {
    const environment = {
      TRACEPARENT,
      TRACESTATE: 'vendor=a,other=b',
      BAGGAGE: 'tenant=blue,region=eu%20west',
    };
    expect(spanOf(environment)?.traceState?.serialize()).toBe('vendor=a,other=b');
    expect(baggageOf(environment)).toEqual([
      ['tenant', { value: 'blue' }],
      ['region', { value: 'eu west' }],
    ]);
  });

  it('is that of a later version, whose further fields nobody knows yet', () => {
    expect(spanOf({ TRACEPARENT: `01-${TRACE_ID}-${SPAN_ID}-01-more` })).toMatchObject({ traceId: TRACE_ID });
  });

  it.each([
    ['no variable', {}],
    ['an empty one', { TRACEPARENT: '' }],
    ['no traceparent at all', { TRACEPARENT: 'yes' }],
    ['a trace id of zeros', { TRACEPARENT: `00-${'0'.repeat(32)}-${SPAN_ID}-01` }],
    ['a span id of zeros', { TRACEPARENT: `00-${TRACE_ID}-${'0'.repeat(16)}-01` }],
    ['capital letters', { TRACEPARENT: TRACEPARENT.toUpperCase() }],
    ['a short trace id', { TRACEPARENT: `00-${TRACE_ID.slice(1)}-${SPAN_ID}-01` }],
    ['the forbidden version', { TRACEPARENT: `ff-${TRACE_ID}-${SPAN_ID}-01` }],
    ['more fields than version 00 has', { TRACEPARENT: `${TRACEPARENT}-more` }],
    ['a trace state without a parent', { TRACESTATE: 'vendor=a' }],
    ['a variable in small letters', { traceparent: TRACEPARENT }],
  ])('is empty with %s, and the baggage stays', (_, environment) => {
    expect(spanOf(environment as Record<string, string>)).toBeUndefined();
    expect(baggageOf({ ...environment, BAGGAGE: 'tenant=blue' })).toEqual([['tenant', { value: 'blue' }]]);
  });

  it('is without a baggage that is none', () => {
    expect(baggageOf({ TRACEPARENT, BAGGAGE: ';;' })).toBeUndefined();
  });
});
