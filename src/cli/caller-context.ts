import type { Context } from '@opentelemetry/api';
import { propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { registerPropagation } from '../telemetry/propagation';
import type { CliIo } from './output';

/**
 * The trace and baggage of whoever ran the command, from `TRACEPARENT`, `TRACESTATE` and `BAGGAGE`; an empty context
 * without them. An invalid one counts as absent, and so does a `TRACESTATE` without a valid `TRACEPARENT` (W3C Trace
 * Context, 2.2 and 3.3).
 *
 * See OpenTelemetry's specification, "Environment Variables as Context Propagation Carriers".
 */
export function callerContext(environment: CliIo['env']): Context {
  registerPropagation();
  return propagation.extract(ROOT_CONTEXT, environment, {
    get: (carrier, name) => carrier[name.toUpperCase()],
    keys: (carrier) => Object.keys(carrier).map((name) => name.toLowerCase()),
  });
}
