import type { Resource } from '@opentelemetry/resources';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { version } from '../../package.json';
import type { Environment } from './environment';
import { setting } from './environment';
import { ATTR } from './semconv';

/**
 * Who a part is: its `service.name` and `service.version`, the SDK's own attributes and those of
 * `OTEL_RESOURCE_ATTRIBUTES` (`key=value,…`, values percent-encoded).
 *
 * `OTEL_SERVICE_NAME` and a `service.name` in the environment are ignored: one environment starts many parts, and
 * the names of the services are part of the contract.
 */
export function partResource(service: string, environment: Environment): Resource {
  return defaultResource()
    .merge(resourceFromAttributes(parseAttributes(setting(environment, 'OTEL_RESOURCE_ATTRIBUTES') ?? '')))
    .merge(resourceFromAttributes({ [ATTR.serviceName]: service, [ATTR.serviceVersion]: version }));
}

/** A malformed list counts as empty, as the OpenTelemetry specification wants it. */
function parseAttributes(list: string): Record<string, string> {
  const pairs = list.split(',').filter((pair) => pair.trim() !== '');
  try {
    return Object.fromEntries(
      pairs.map((pair) => {
        const separator = pair.indexOf('=');
        if (separator < 1) throw new URIError(pair);
        return [pair.slice(0, separator).trim(), decodeURIComponent(pair.slice(separator + 1).trim())];
      }),
    );
  } catch (error) {
    if (error instanceof URIError) return {};
    throw error;
  }
}
