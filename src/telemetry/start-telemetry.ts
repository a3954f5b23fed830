import type { Tracer } from '@opentelemetry/api';
import { trace } from '@opentelemetry/api';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import type { Config } from '../config/config';
import type { Environment } from './environment';
import { createLogger } from './logger';
import { observeLostSpans } from './lost-spans-metric';
import type { PartMetrics } from './prometheus';
import { startMetrics } from './prometheus';
import { registerPropagation } from './propagation';
import { partResource } from './resource';
import { samplerFrom } from './sampler';
import { isDisabled, spanDestination } from './span-destination';
import { RepeatableIdGenerator } from './span-ids';
import type { StartedTelemetry } from './telemetry';

/** Who made a span, for those who read it in a backend. */
const SCOPE = 'durable-orders';

export interface TelemetryOptions {
  /** The part's `service.name`. */
  readonly service: string;
  /** `traceStore` is true unless it says otherwise. */
  readonly config: Pick<Config, 'dataDir' | 'logLevel'> & Partial<Pick<Config, 'traceStore'>>;
  /** @default process.env */
  readonly environment?: Environment;
}

/**
 * Starts what one part observes with: a tracer of its own, so that its spans carry its `service.name` also where
 * parts share a process, and a logger. Context and W3C propagation are set up once per process.
 *
 * Spans go to the embedded trace store under `config.dataDir`, unless `config.traceStore` is false, and over OTLP when
 * `OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`) is set; to neither with `OTEL_TRACES_EXPORTER=none`.
 * `OTEL_SDK_DISABLED=true` makes no spans but still passes the caller's context on.
 *
 * Metrics are started by their first use; among them is what was lost.
 *
 * @throws {@link ConfigError} when an `OTEL_*` variable that is used here is wrong.
 */
export function startTelemetry(options: TelemetryOptions): StartedTelemetry {
  const { service, config, environment = process.env } = options;
  registerPropagation();
  const logger = createLogger(service, config.logLevel);
  const resource = partResource(service, environment);
  const { processor, openSpans, lostSpans } = spanDestination({ config, environment, resource, logger });
  let metrics: PartMetrics | undefined;
  const provider = new BasicTracerProvider({
    resource,
    sampler: samplerFrom(environment),
    idGenerator: new RepeatableIdGenerator(),
    spanProcessors: [processor],
  });
  return {
    tracer: isDisabled(environment) ? noTracer() : provider.getTracer(SCOPE),
    get metrics() {
      if (metrics === undefined) {
        metrics = startMetrics(resource, SCOPE, environment);
        observeLostSpans(metrics.meter, lostSpans);
      }
      return metrics;
    },
    logger,
    resource,
    spanProcessor: processor,
    openSpans,
    lostSpans,
    flush: () => provider.forceFlush(),
    shutdown: async () => {
      await provider.shutdown();
      await metrics?.shutdown();
    },
  };
}

/** The API's own, since no part registers its provider globally: its spans hand the caller's context on. */
function noTracer(): Tracer {
  return trace.getTracer(SCOPE);
}
