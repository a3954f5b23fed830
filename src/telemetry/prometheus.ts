import type { Meter } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { Resource } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

/** Metrics of one part, to be scraped. */
export interface PartMetrics {
  readonly meter: Meter;
  /** Everything measured so far, in Prometheus's text format. */
  text(): Promise<string>;
  shutdown(): Promise<void>;
}

/** Starts what one part measures with; nothing listens by itself. */
export function startMetrics(resource: Resource, scope: string): PartMetrics {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ resource, readers: [exporter] });
  const serializer = new PrometheusSerializer();
  return {
    meter: provider.getMeter(scope),
    text: async () => {
      const { resourceMetrics, errors } = await exporter.collect();
      if (errors.length > 0) throw new AggregateError(errors, 'Metrics could not be collected');
      return serializer.serialize(resourceMetrics);
    },
    shutdown: () => provider.shutdown(),
  };
}
