import {
  OpenTelemetryInboundInterceptor,
  OpenTelemetryInternalsInterceptor,
  OpenTelemetryOutboundInterceptor,
} from '@temporalio/interceptors-opentelemetry/lib/workflow';
import { workflowInfo } from '@temporalio/workflow';
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { OpenSpanReporter } from '../saga/open-spans';
import { GUARDIAN_WORKFLOW_TYPE } from './definitions';

/**
 * Traces a workflow's run and what it starts, in its own trace and with the same ids at every replay.
 *
 * Of Temporal's own inbound interceptor, only `execute` is used. A span in a query or in an update's validator draws
 * its id from the workflow's random stream, is not replayed, and so shifts every id that comes after; one in a
 * signal or an update would belong to the sender's trace.
 *
 * The guardian belongs to no order: a trace for each of its looks would be told to nobody.
 *
 * Every worker, bundle and replayer must use this module: it decides the ids that histories agree on.
 */
export const interceptors: WorkflowInterceptorsFactory = () => {
  if (workflowInfo().workflowType === GUARDIAN_WORKFLOW_TYPE) return {};
  const stock = new OpenTelemetryInboundInterceptor();
  return {
    inbound: [{ execute: (input, next) => stock.execute(input, next) }],
    outbound: [new OpenTelemetryOutboundInterceptor()],
    internals: [new OpenTelemetryInternalsInterceptor(), new OpenSpanReporter()],
  };
};
