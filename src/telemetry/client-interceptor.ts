import type {
  Next,
  WorkflowCancelInput,
  WorkflowClientInterceptor,
  WorkflowDescribeInput,
  WorkflowQueryInput,
  WorkflowSignalInput,
  WorkflowStartUpdateInput,
  WorkflowTerminateInput,
} from '@temporalio/client';
import { OpenTelemetryWorkflowClientInterceptor } from '@temporalio/interceptors-opentelemetry/lib/client';

/**
 * Traces what starts a workflow (`start`, `signalWithStart`, `executeUpdateWithStart`) and hands the trace to it;
 * everything else a client does is untraced.
 *
 * One order is one trace: asking after an order, cancelling or retrying it happens later, by somebody else, and
 * would either make a trace of its own at every poll or hang spans onto one that is long complete.
 *
 * @example new Client({ connection, interceptors: { workflow: [new StartTracing({ tracer })] } })
 */
export class StartTracing extends OpenTelemetryWorkflowClientInterceptor {
  override query(input: WorkflowQueryInput, next: Next<WorkflowClientInterceptor, 'query'>) {
    return next(input);
  }

  override signal(input: WorkflowSignalInput, next: Next<WorkflowClientInterceptor, 'signal'>) {
    return next(input);
  }

  override startUpdate(
    input: WorkflowStartUpdateInput,
    next: Next<WorkflowClientInterceptor, 'startUpdate'>,
  ) {
    return next(input);
  }

  override cancel(input: WorkflowCancelInput, next: Next<WorkflowClientInterceptor, 'cancel'>) {
    return next(input);
  }

  override terminate(input: WorkflowTerminateInput, next: Next<WorkflowClientInterceptor, 'terminate'>) {
    return next(input);
  }

  override describe(input: WorkflowDescribeInput, next: Next<WorkflowClientInterceptor, 'describe'>) {
    return next(input);
  }
}
