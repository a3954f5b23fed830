import type { Meter } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { Resource } from '@opentelemetry/resources';
import type { MetricReader, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { Environment } from './environment';
import { setting } from './environment';

/** Metrics of one part. */
export interface PartMetrics {
  readonly meter: Meter;
  /** Everything measured so far, in Prometheus's text format. */
  text(): Promise<string>;
  /** Sends what is waiting, then stops. */
  shutdown(): Promise<void>;
}

/**
 * Starts what one part measures with: to be scraped, and over OTLP (http/protobuf) as well when
 * `OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_METRICS_ENDPOINT`) is set and `OTEL_METRICS_EXPORTER` is not `none`.
 */
export function startMetrics(resource: Resource, scope: string, environment: Environment): PartMetrics {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ resource, readers: [exporter, ...otlpReaders(environment)] });
  const serializer = new PrometheusSerializer('', false, undefined, false, true);
  return {
    meter: provider.getMeter(scope),
    text: async () => {
      const { resourceMetrics, errors } = await exporter.collect();
      if (errors.length > 0) throw new AggregateError(errors, 'Metrics could not be collected');
      return serializer.serialize(withUnits(resourceMetrics));
    },
    shutdown: () => provider.shutdown(),
  };
}

function otlpReaders(environment: Environment): MetricReader[] {
  const endpoint =
    setting(environment, 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT') ??
    setting(environment, 'OTEL_EXPORTER_OTLP_ENDPOINT');
  if (endpoint === undefined || setting(environment, 'OTEL_METRICS_EXPORTER') === 'none') return [];
  return [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter() })];
}

/** Names with their unit behind them, as Prometheus wants it and OpenTelemetry's compatibility rules have it. */
function withUnits(metrics: ResourceMetrics): ResourceMetrics {
  return {
    ...metrics,
    scopeMetrics: metrics.scopeMetrics.map((scope) => ({
      ...scope,
      metrics: scope.metrics.map((metric) => ({
        ...metric,
        descriptor: {
          ...metric.descriptor,
          name: metric.descriptor.name + (metric.descriptor.unit === 's' ? '.seconds' : ''),
        },
      })),
    })),
  };
}
