import { describe, expect, it } from '@jest/globals';
import { SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { publicSpan } from '../../../src/telemetry/public-span';
import { newSpanId, newTraceId, readableSpan } from './spans';

const CANARY = 'canary-4242';

const failure = (type: string) => ({
  status: { code: SpanStatusCode.ERROR, message: CANARY },
  events: [
    {
      name: 'exception',
      time: [1, 0] as [number, number],
      attributes: { 'exception.type': type, 'exception.message': CANARY, 'exception.stacktrace': CANARY },
    },
  ],
});

describe('publicSpan', () => {
  it('keeps of attributes, events and links only what the allow-list names', () => {
    const span = publicSpan(
      readableSpan({
        attributes: { 'order.id': 'o-1', memo: CANARY, 'card.number': CANARY },
        events: [{ name: 'Order created', time: [1, 0], attributes: { 'order.id': 'o-1', address: CANARY } }],
        links: [
          {
            context: { traceId: newTraceId(), spanId: newSpanId(), traceFlags: TraceFlags.SAMPLED },
            attributes: { name: CANARY },
          },
        ],
      }),
    );
    expect(span.attributes).toEqual({ 'order.id': 'o-1' });
    expect(span.events).toMatchObject([{ name: 'Order created', attributes: { 'order.id': 'o-1' } }]);
    expect(JSON.stringify([span.attributes, span.events, span.links])).not.toContain(CANARY);
  });

  it('says of an error outside of the business its type only', () => {
    const span = publicSpan(readableSpan({ name: 'RunActivity:x', ...failure('TypeError') }));
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(span.attributes).toEqual({ 'error.type': 'TypeError' });
    expect(span.events).toMatchObject([{ attributes: { 'exception.type': 'TypeError' } }]);
    expect(JSON.stringify([span.status, span.events])).not.toContain(CANARY);
  });

  it('gives the title of a code that is ours', () => {
    const attributes = { 'error.type': 'payment_declined' };
    const span = publicSpan(readableSpan({ attributes, ...failure('ApplicationFailure') }));
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: 'The payment was declined' });
  });

  it('takes a text that poses as a type for what it is', () => {
    const span = publicSpan(readableSpan(failure(`paid by ${CANARY}`)));
    expect(span.attributes).toEqual({ 'error.type': '_OTHER' });
    expect(JSON.stringify(span.events)).not.toContain(CANARY);
  });

  it.each(['saga.id', 'tcc.id'])(
    'keeps the reason that the kit wrote on a span with %s, without a stack',
    (id) => {
      const span = publicSpan(readableSpan({ attributes: { [id]: 's-1' }, ...failure('payment_declined') }));
      expect(span.status.message).toBe(CANARY);
      expect(span.events).toMatchObject([
        { attributes: { 'exception.type': 'payment_declined', 'exception.message': CANARY } },
      ]);
      expect(span.events[0]?.attributes).not.toHaveProperty(['exception.stacktrace']);
    },
  );
});
