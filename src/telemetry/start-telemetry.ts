import type { Tracer } from '@opentelemetry/api';
import { trace } from '@opentelemetry/api';
import type { SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { BasicTracerProvider, BatchSpanProcessor, NoopSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';
import type { Config } from '../config/config';
import type { Environment } from './environment';
import { setting } from './environment';
import { createLogger } from './logger';
import { CountingOtlpExporter, otlpTracesUrl } from './otlp-exporter';
import { registerPropagation } from './propagation';
import { partResource } from './resource';
import { samplerFrom } from './sampler';
import { OpenSpans } from './open-spans';
import { RepeatableIdGenerator } from './span-ids';
import { PublicSpanExporter, WriteAheadSpanProcessor } from './span-processors';
import type { OpenSpanView, StartedTelemetry } from './telemetry';
import { TraceStoreExporter } from './trace-store-exporter';

/** Who made a span, for those who read it in a backend. */
const SCOPE = 'durable-orders';

/** Longest time that a span waits in a batch for a backend, ms, unless `OTEL_BSP_SCHEDULE_DELAY` says otherwise. */
const BATCH_DELAY_MS = 500;
/** Spans that may wait while a backend is slow or down, unless `OTEL_BSP_MAX_QUEUE_SIZE` says otherwise. */
const BATCH_QUEUE_SPANS = 8_192;

export interface TelemetryOptions {
  /** The part's `service.name`. */
  readonly service: string;
  readonly config: Pick<Config, 'dataDir' | 'logLevel'>;
  /** @default process.env */
  readonly environment?: Environment;
}

/**
 * Starts what one part observes with: a tracer of its own, so that its spans carry its `service.name` also where
 * parts share a process, and a logger. Context and W3C propagation are set up once per process.
 *
 * Spans go over OTLP when `OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`) is set, otherwise to the embedded
 * trace store under `config.dataDir`; to neither with `OTEL_TRACES_EXPORTER=none`. `OTEL_SDK_DISABLED=true` makes no
 * spans but still passes the caller's context on.
 *
 * @throws {@link ConfigError} when an `OTEL_*` variable that is used here is wrong.
 */
export function startTelemetry(options: TelemetryOptions): StartedTelemetry {
  const { service, config, environment = process.env } = options;
  registerPropagation();
  const logger = createLogger(service, config.logLevel);
  const resource = partResource(service, environment);
  const { processor, openSpans, lostSpans } = spanDestination(config, environment, logger);
  const provider = new BasicTracerProvider({
    resource,
    sampler: samplerFrom(environment),
    idGenerator: new RepeatableIdGenerator(),
    spanProcessors: [processor],
  });
  return {
    tracer: isDisabled(environment) ? noTracer() : provider.getTracer(SCOPE),
    logger,
    resource,
    spanProcessor: processor,
    openSpans,
    lostSpans,
    flush: () => provider.forceFlush(),
    shutdown: () => provider.shutdown(),
  };
}

function spanDestination(
  config: TelemetryOptions['config'],
  environment: Environment,
  logger: Logger,
): { processor: SpanProcessor; openSpans: OpenSpanView; lostSpans: () => number } {
  if (isDisabled(environment) || setting(environment, 'OTEL_TRACES_EXPORTER') === 'none') {
    return { processor: new NoopSpanProcessor(), openSpans: NOT_SHOWN, lostSpans: () => 0 };
  }
  const url = otlpTracesUrl(environment);
  if (url !== undefined) {
    const exporter = new CountingOtlpExporter(url, logger);
    const processor = new BatchSpanProcessor(new PublicSpanExporter(exporter), {
      ...(setting(environment, 'OTEL_BSP_SCHEDULE_DELAY') === undefined && {
        scheduledDelayMillis: BATCH_DELAY_MS,
      }),
      ...(setting(environment, 'OTEL_BSP_MAX_QUEUE_SIZE') === undefined && {
        maxQueueSize: BATCH_QUEUE_SPANS,
      }),
    });
    return { processor, openSpans: NOT_SHOWN, lostSpans: () => exporter.lostSpans };
  }
  const store = new TraceStoreExporter({ dataDir: config.dataDir, logger });
  const exporter = new PublicSpanExporter(store);
  const openSpans = new OpenSpans((spans) => {
    exporter.export([...spans], () => undefined);
  });
  return {
    processor: new WriteAheadSpanProcessor(exporter, openSpans),
    openSpans,
    lostSpans: () => store.lostSpans,
  };
}

const NOT_SHOWN: OpenSpanView = { set: () => undefined };

function isDisabled(environment: Environment): boolean {
  return setting(environment, 'OTEL_SDK_DISABLED')?.trim().toLowerCase() === 'true';
}

/** The API's own, since no part registers its provider globally: its spans hand the caller's context on. */
function noTracer(): Tracer {
  return trace.getTracer(SCOPE);
}
