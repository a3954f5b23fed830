import { describe, expect, it } from '@jest/globals';
import type { Context, Tracer } from '@opentelemetry/api';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { OpenSpans } from '../../../src/telemetry/open-spans';
import { inAttempt } from '../../../src/telemetry/span-ids';
import { WriteAheadSpanProcessor } from '../../../src/telemetry/span-processors';
import { eventually } from '../../support/eventually';
import { newSpanId, newTraceId, readableSpan } from './spans';

/** What was handed over at once: names, those still open with a `…`. */
type Handed = readonly string[];

function processor(): { handed: Handed[]; own: WriteAheadSpanProcessor; tracer: Tracer } {
  const handed: Handed[] = [];
  const exporter: SpanExporter = {
    export: (spans) => {
      handed.push(spans.map(({ name, ended }) => (ended ? name : `${name}…`)));
    },
    shutdown: () => Promise.resolve(),
  };
  const own = new WriteAheadSpanProcessor(exporter, new OpenSpans(() => undefined));
  const tracer = new BasicTracerProvider({ spanProcessors: [own] }).getTracer('test');
  return { handed, own, tracer };
}

function query(tracer: Tracer, name: string, parent: Context = ROOT_CONTEXT): void {
  tracer.startSpan(name, { attributes: { 'db.system.name': 'sqlite' } }, parent).end();
}

const ATTEMPT = inAttempt(ROOT_CONTEXT, newSpanId(), 1);

describe('what a killed process leaves of its spans', () => {
  it('is every span that has ended when `end` returns, and those that stand above others from their start', () => {
    const { handed, tracer } = processor();
    const span = tracer.startSpan('POST /payments');
    expect(handed).toEqual([['POST /payments…']]);
    span.end();
    expect(handed).toEqual([['POST /payments…'], ['POST /payments']]);
  });

  it('is each database call as soon as anything else is handed over, together', () => {
    const { handed, tracer } = processor();
    const span = tracer.startSpan('POST /payments');
    const below = trace.setSpan(ROOT_CONTEXT, span);
    query(tracer, 'INSERT barrier', below);
    query(tracer, 'UPDATE barrier', below);
    expect(handed).toHaveLength(1);
    span.end();
    expect(handed[1]).toEqual(['INSERT barrier', 'UPDATE barrier', 'POST /payments']);
    expect(handed).toHaveLength(2);
  });

  it('is each database call a moment later when nothing else is handed over', async () => {
    const { handed, tracer } = processor();
    query(tracer, 'SELECT catalogue');
    expect(handed).toEqual([]);
    await eventually(
      () => handed.length,
      (count) => count === 1,
      'it is handed over',
    );
    expect(handed).toEqual([['SELECT catalogue']]);
  });

  it("is an attempt's spans, not from their start, in the turn of the event loop in which they end", async () => {
    const { handed, tracer } = processor();
    const attempt = tracer.startSpan('RunActivity:processPayment', {}, ATTEMPT);
    const call = tracer.startSpan('POST /payments', {}, trace.setSpan(ATTEMPT, attempt));
    call.end();
    attempt.end();
    expect(handed).toEqual([]);
    await new Promise(setImmediate);
    expect(handed).toEqual([['POST /payments', 'RunActivity:processPayment']]);
  });

  it("is a workflow's own with its run, in the turn of the event loop in which that ends", async () => {
    const { handed, own } = processor();
    const traceId = newTraceId();
    const local = { traceId, spanId: newSpanId(), traceFlags: 1 };
    const step = readableSpan({
      traceId,
      name: 'Step: Charge',
      parentSpanContext: { ...local, isRemote: false },
    });
    const run = readableSpan({
      traceId,
      name: 'RunWorkflow',
      parentSpanContext: { ...local, isRemote: true },
    });
    own.onEndRepeatable([step]);
    own.onEndRepeatable([run]);
    expect(handed).toEqual([]);
    await new Promise(setImmediate);
    expect(handed).toEqual([['Step: Charge', 'RunWorkflow']]);
  });

  it('is everything when it is stopped instead', async () => {
    const { handed, own, tracer } = processor();
    query(tracer, 'SELECT catalogue');
    query(tracer, 'SELECT stock');
    await own.shutdown();
    expect(handed).toEqual([['SELECT catalogue', 'SELECT stock']]);
  });

  it('is nothing of a trace that is not sampled', async () => {
    const { handed, own, tracer } = processor();
    const unsampled = trace.setSpanContext(ROOT_CONTEXT, {
      traceId: newTraceId(),
      spanId: newSpanId(),
      traceFlags: 0,
    });
    const span = tracer.startSpan('POST /payments', {}, unsampled);
    query(tracer, 'INSERT barrier', trace.setSpan(ROOT_CONTEXT, span));
    span.end();
    await own.forceFlush();
    expect(handed).toEqual([]);
  });
});
