import type { Sampler } from '@opentelemetry/sdk-trace-base';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import { ConfigError } from '../config/config';
import type { Environment } from './environment';
import { setting } from './environment';

/**
 * The sampler that `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` describe; `parentbased_always_on` by default.
 *
 * @throws {@link ConfigError} for a sampler that OpenTelemetry does not know or a ratio outside of 0–1.
 */
export function samplerFrom(environment: Environment): Sampler {
  const name = setting(environment, 'OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on';
  const root = rootSampler(
    name.replace(/^parentbased_/, ''),
    setting(environment, 'OTEL_TRACES_SAMPLER_ARG') ?? '1',
  );
  if (root === undefined) {
    throw new ConfigError([
      `OTEL_TRACES_SAMPLER=${name}: must be always_on, always_off or traceidratio, or one of them after parentbased_`,
    ]);
  }
  return name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}

function rootSampler(name: string, argument: string): Sampler | undefined {
  switch (name) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio': {
      const ratio = Number(argument);
      if (!(ratio >= 0 && ratio <= 1)) {
        throw new ConfigError([`OTEL_TRACES_SAMPLER_ARG=${argument}: must be a number from 0 to 1`]);
      }
      return new TraceIdRatioBasedSampler(ratio);
    }
    default:
      return undefined;
  }
}
