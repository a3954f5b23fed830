import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { context, isSpanContextValid, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { ConfigError } from '../../../src/config/config';
import { startTelemetry } from '../../../src/telemetry/start-telemetry';
import type { StartedTelemetry } from '../../../src/telemetry/telemetry';
import { openTraceStore } from '../../../src/telemetry/trace-store';
import { readableSpan } from './spans';
import { temporaryDirectories } from './temporary-directory';

const newDirectory = temporaryDirectories();
const started: StartedTelemetry[] = [];

function start(
  environment: Record<string, string> = {},
  service = 'payment-service',
  dataDir = newDirectory(),
  traceStore = true,
) {
  const config = { dataDir, logLevel: 'silent' as const, traceStore };
  const telemetry = startTelemetry({ service, config, environment });
  started.push(telemetry);
  return { ...telemetry, dataDir };
}

function storedNames(dataDir: string, traceId: string): string[] {
  const store = openTraceStore({ dataDir });
  try {
    return store.spansOf(traceId).map(({ service, name }) => `${service} ${name}`);
  } finally {
    store.close();
  }
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((telemetry) => telemetry.shutdown()));
});

describe('startTelemetry', () => {
  it('stores the spans of the parts of a process in one trace, each under its own service', () => {
    const payment = start();
    const shipping = start({}, 'shipping-service', payment.dataDir);
    const traceId = payment.tracer.startActiveSpan('charge', (span) => {
      shipping.tracer.startActiveSpan('ship', (inner) => {
        inner.end();
      });
      span.end();
      return span.spanContext().traceId;
    });
    expect(storedNames(payment.dataDir, traceId).sort()).toEqual([
      'payment-service charge',
      'shipping-service ship',
    ]);
  });

  it('takes its resource from the part and OTEL_RESOURCE_ATTRIBUTES, never the name of the service', () => {
    const { resource } = start({
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=stag%20ing,service.name=other',
    });
    expect(resource.attributes).toMatchObject({
      'service.name': 'payment-service',
      'service.version': expect.stringMatching(/^\d+\.\d+\.\d+/) as unknown,
      'deployment.environment.name': 'stag ing',
      'telemetry.sdk.language': 'nodejs',
    });
  });

  it.each([
    [{ OTEL_TRACES_SAMPLER: 'always_off' }, false],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, false],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '1' }, true],
    [{}, true],
  ])('samples as %j says', (environment, sampled) => {
    const { tracer, dataDir } = start(environment);
    const span = tracer.startSpan('charge');
    span.end();
    expect(storedNames(dataDir, span.spanContext().traceId)).toHaveLength(sampled ? 1 : 0);
  });

  it('holds spans made elsewhere to the same sampling and privacy', () => {
    const { spanProcessor, dataDir } = start();
    const kept = readableSpan({ attributes: { 'order.id': 'o-1', memo: 'secret' } });
    const unsampled = readableSpan({ sampled: false });
    spanProcessor.onEnd(kept);
    spanProcessor.onEnd(unsampled);
    const store = openTraceStore({ dataDir });
    expect(store.spansOf(kept.spanContext().traceId)).toMatchObject([{ attributes: { 'order.id': 'o-1' } }]);
    expect(store.spansOf(unsampled.spanContext().traceId)).toEqual([]);
    expect(JSON.stringify(store.spansOf(kept.spanContext().traceId))).not.toContain('secret');
    store.close();
  });

  it('writes no file without a store, and spans still have a trace', () => {
    const { dataDir, ...telemetry } = start({}, 'payment-service', undefined, false);
    const span = telemetry.tracer.startSpan('charge');
    span.end();
    expect(isSpanContextValid(span.spanContext())).toBe(true);
    expect(readdirSync(dataDir)).toEqual([]);
    expect(telemetry.lostSpans()).toBe(0);
  });

  it('makes no spans when disabled, but passes the trace of the caller on', () => {
    const { tracer, dataDir } = start({ OTEL_SDK_DISABLED: 'true' });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const carrier: Record<string, string> = {};
    const caller = propagation.extract(ROOT_CONTEXT, { traceparent });
    context.with(caller, () => {
      const span = tracer.startSpan('charge');
      propagation.inject(trace.setSpan(context.active(), span), carrier);
      span.end();
    });
    expect(carrier).toEqual({ traceparent });
    expect(storedNames(dataDir, '0af7651916cd43dd8448eb211c80319c')).toEqual([]);
  });

  it.each([
    [{ OTEL_TRACES_SAMPLER: 'sometimes' }, 'OTEL_TRACES_SAMPLER=sometimes'],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', OTEL_BSP_SCHEDULE_DELAY: 'soon' },
      'OTEL_BSP_SCHEDULE_DELAY=soon',
    ],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '2' }, 'OTEL_TRACES_SAMPLER_ARG=2'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }, 'OTEL_EXPORTER_OTLP_ENDPOINT=collector:4317'],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      'OTEL_EXPORTER_OTLP_PROTOCOL=grpc',
    ],
  ])('refuses %j by name', (environment, problem) => {
    expect(() => start(environment as Record<string, string>)).toThrow(ConfigError);
    expect(() => start(environment as Record<string, string>)).toThrow(problem);
  });
});
