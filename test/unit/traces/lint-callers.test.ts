import { describe, expect, it } from '@jest/globals';
import type { StoredSpan } from '../../../src/telemetry/stored-span';
import { lintTrace } from '../../../src/traces/lint-trace';
import { orderSpans } from '../../../src/traces/order-spans';
import { DECLINED, declinedTrace } from './sample-trace';

/** The trace below a span of somebody else's. */
function called(caller = 'caller'): StoredSpan[] {
  return declinedTrace().map((span) => (span.spanId === 'root' ? { ...span, parentSpanId: caller } : span));
}

/** The spans of another order, with ids of their own, below the same caller. */
function neighbour(): StoredSpan[] {
  const id = (spanId: string | undefined) => (spanId === undefined ? 'caller' : `other-${spanId}`);
  return declinedTrace().map((span) => ({
    ...span,
    spanId: id(span.spanId),
    parentSpanId: id(span.parentSpanId),
    attributes: {
      ...span.attributes,
      ...('order.id' in span.attributes && { 'order.id': 'o-2' }),
      ...('temporalWorkflowId' in span.attributes && { temporalWorkflowId: 'order-o-2' }),
    },
  }));
}

/** The trace below the gateway's answer. */
function answered(attributes: StoredSpan['attributes']): StoredSpan[] {
  const root = declinedTrace()[0]!;
  const answer = { 'http.request.method': 'POST', 'http.response.status_code': 402, ...attributes };
  const gateway: StoredSpan = {
    ...root,
    name: 'POST /orders',
    kind: 'SERVER',
    service: 'api-gateway',
    attributes: answer,
  };
  return [gateway, ...declinedTrace().slice(1)];
}

describe('a trace that begins at the gateway', () => {
  const about = { 'order.id': 'o-1', 'order.amount': 59.98, 'order.status': 'failed' };

  it('says there which order it is about', () => {
    expect(lintTrace(answered(about), DECLINED)).toEqual([]);
    expect(lintTrace(answered({ ...about, 'order.status': 'running' }), DECLINED)).toEqual([]);
  });

  it.each([
    ['order.id', 'o-2'],
    ['order.id', undefined],
    ['order.amount', 5998],
    ['order.amount', undefined],
    ['order.status', undefined],
  ])('is named when it says %s = %s', (name, value) => {
    const { [name as keyof typeof about]: _, ...rest } = about;
    const attributes = value === undefined ? rest : { ...about, [name]: value };
    const found = `${name} = ${value === undefined ? 'nothing' : JSON.stringify(value)}`;
    const [breach, ...others] = lintTrace(answered(attributes), DECLINED);
    expect([breach?.rule, others]).toEqual(['attributes', []]);
    expect(breach?.detail).toContain(`POST /orders (root): found ${found}, expected`);
  });

  it('need not, where the gateway could not know: its answer was an error of its own', () => {
    expect(lintTrace(answered({ 'order.id': 'o-1', 'http.response.status_code': 503 }), DECLINED)).toEqual(
      [],
    );
  });
});

describe("a trace that is part of its caller's", () => {
  it('has its root outside, and that is no breach', () => {
    expect(lintTrace(called(), DECLINED)).toEqual([]);
  });

  it('has one caller alone', () => {
    const two = [...called(), { ...declinedTrace()[0]!, spanId: 'again', parentSpanId: 'another' }];
    expect(lintTrace(two, DECLINED)).toContainEqual({
      rule: 'parent_present',
      detail: 'orders start (again): found no span another, expected its parent in the trace',
    });
  });

  it('may hold what the caller tried again for the same order', () => {
    const again = { ...declinedTrace()[0]!, spanId: 'again', parentSpanId: 'caller' };
    expect(lintTrace([...called(), again], DECLINED)).toEqual([]);
  });

  it('may hold other orders of the caller, which are not this one', () => {
    const both = [...called(), ...neighbour()];
    expect(lintTrace(both, DECLINED)).toEqual([]);
    expect(orderSpans(both, DECLINED)).toEqual(called());
  });

  it('keeps what names no order', () => {
    const nameless = { ...declinedTrace()[0]!, spanId: 'x', parentSpanId: 'lost', attributes: {} };
    expect(orderSpans([...called(), nameless], DECLINED)).toContain(nameless);
  });
});
