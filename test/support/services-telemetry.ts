import { trace } from '@opentelemetry/api';
import type { Logger } from 'pino';
import pino from 'pino';
import { startMetrics } from '../../src/telemetry/prometheus';
import { partResource } from '../../src/telemetry/resource';
import type { Telemetry } from '../../src/telemetry/telemetry';

/** Telemetry that goes nowhere, or whose log lines go to `logger`. */
export function testTelemetry(logger: Logger = pino({ level: 'silent' })): Telemetry {
  const metrics = startMetrics(partResource('test', {}), 'test', {});
  return { tracer: trace.getTracer('test'), metrics, logger, shutdown: () => Promise.resolve() };
}
