import { ConfigError } from '../config/config';
import type { Environment } from './environment';
import { setting } from './environment';

/** How spans are gathered for a backend. */
export interface BatchSettings {
  /** Longest time that a span waits for others, ms: `OTEL_BSP_SCHEDULE_DELAY`. @default 500 */
  readonly delayMs: number;
  /** Spans in one request, at most: `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`. @default 512 */
  readonly batchSize: number;
  /** Spans that may wait in memory where there is no store: `OTEL_BSP_MAX_QUEUE_SIZE`. @default 8192 */
  readonly queueSize: number;
}

/** @throws {@link ConfigError} naming every variable that is no positive integer. */
export function batchSettings(environment: Environment): BatchSettings {
  const problems: string[] = [];
  const positive = (name: string, fallback: number): number => {
    const given = setting(environment, name);
    if (given === undefined) return fallback;
    const value = Number(given);
    if (!Number.isSafeInteger(value) || value < 1)
      problems.push(`${name}=${given}: must be a positive integer`);
    return value;
  };
  const settings = {
    delayMs: positive('OTEL_BSP_SCHEDULE_DELAY', 500),
    batchSize: positive('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512),
    queueSize: positive('OTEL_BSP_MAX_QUEUE_SIZE', 8_192),
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return settings;
}
