import {
  OpenTelemetryInboundInterceptor,
  OpenTelemetryInternalsInterceptor,
  OpenTelemetryOutboundInterceptor,
} from '@temporalio/interceptors-opentelemetry/lib/workflow';
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { OpenSpanReporter } from '../saga/open-spans';

/**
 * Traces a workflow's run and what it starts, in its own trace and with the same ids at every replay.
 *
 * Of Temporal's own inbound interceptor, only `execute` is used. A span in a query or in an update's validator draws
 * its id from the workflow's random stream, is not replayed, and so shifts every id that comes after; one in a
 * signal or an update would belong to the sender's trace.
 *
 * Every worker, bundle and replayer must use this module: it decides the ids that histories agree on.
 */
export const interceptors: WorkflowInterceptorsFactory = () => {
  const stock = new OpenTelemetryInboundInterceptor();
  return {
    inbound: [{ execute: (input, next) => stock.execute(input, next) }],
    outbound: [new OpenTelemetryOutboundInterceptor()],
    internals: [new OpenTelemetryInternalsInterceptor(), new OpenSpanReporter()],
  };
};
