import type { Meter } from '@opentelemetry/api';
import { LABELS, METRICS } from '../telemetry/metric-names';
import type { HttpApp } from './http-app';

/** OpenTelemetry's advice for HTTP servers, seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/**
 * Measures `http.server.request.duration` (stable HTTP semantic conventions, seconds) of every request by method, route
 * template and status; no path, so that no id becomes a label.
 */
export function measureRequests(app: HttpApp, meter: Meter): void {
  const duration = meter.createHistogram(METRICS.httpServerDuration, {
    unit: 's',
    description: 'Duration of HTTP server requests',
    advice: { explicitBucketBoundaries: BUCKETS },
  });
  app.addHook('onResponse', (request, reply, done) => {
    duration.record(reply.elapsedTime / 1000, {
      [LABELS.httpRequestMethod]: request.method,
      [LABELS.httpRoute]: request.routeOptions.url ?? 'unknown',
      [LABELS.httpResponseStatusCode]: reply.statusCode,
    });
    done();
  });
}
