import { trace } from '@opentelemetry/api';
import { workflowInfo } from '@temporalio/workflow';

/** Started, task scheduled, task started: as long as a history is when its first task runs for the first time. */
const FIRST_TASK = 3;

/**
 * Its first workflow task fails after a span of it has ended, is run again by Temporal, and then comes to another
 * end: as when the answer to a task never reached the server and something else happened meanwhile.
 */
export function retriedTaskWorkflow(): Promise<string> {
  const isFirst = workflowInfo().historyLength <= FIRST_TASK;
  const span = trace.getTracer('saga').startSpan('Step: Create Order', { attributes: { 'saga.id': 's-1' } });
  span.setAttribute('saga.result', isFirst ? 'first' : 'second');
  span.end();
  if (isFirst) throw new Error('This task is not the last word');
  return Promise.resolve(span.spanContext().traceId);
}
