import { trace } from '@opentelemetry/api';
import type { Logger } from 'pino';
import pino from 'pino';
import type { Telemetry } from '../../src/telemetry/telemetry';

/** Telemetry that goes nowhere, or whose log lines go to `logger`. */
export function testTelemetry(logger: Logger = pino({ level: 'silent' })): Telemetry {
  return { tracer: trace.getTracer('test'), logger, shutdown: () => Promise.resolve() };
}
