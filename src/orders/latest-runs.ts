import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { interruptionOf } from './order-summary';

/**
 * `runs` without those that have a successor: an interrupted run says nothing of its order once the guardian's has
 * begun. Whether one has is asked of Temporal, run by run, because a list tells of what it has found alone.
 */
export async function withoutSucceeded(
  client: Client,
  runs: readonly WorkflowExecutionInfo[],
): Promise<WorkflowExecutionInfo[]> {
  const kept: WorkflowExecutionInfo[] = [];
  for (const info of runs) {
    if (interruptionOf(info) === undefined || !(await isSucceeded(client, info))) kept.push(info);
  }
  return kept;
}

async function isSucceeded(client: Client, { workflowId, runId }: WorkflowExecutionInfo): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).runId !== runId;
  } catch (error) {
    // Forgotten meanwhile.
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** Of each workflow the run that was started last. */
export function latestRuns<Run extends Pick<WorkflowExecutionInfo, 'workflowId' | 'startTime'>>(
  runs: readonly Run[],
): Run[] {
  const latest = new Map<string, Run>();
  for (const info of runs) {
    const known = latest.get(info.workflowId);
    if (known === undefined || known.startTime < info.startTime) latest.set(info.workflowId, info);
  }
  return [...latest.values()];
}
