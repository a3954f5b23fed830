import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { forEachBounded } from './for-each-bounded';
import { interruptionOf } from './order-summary';

/**
 * `runs` without those that have a successor: an interrupted run says nothing of its order once the guardian's has
 * begun. Whether one has is asked of Temporal, run by run, because a list tells of what it has found alone.
 */
export async function withoutSucceeded(
  client: Client,
  runs: readonly WorkflowExecutionInfo[],
): Promise<WorkflowExecutionInfo[]> {
  const succeeded = new Set<WorkflowExecutionInfo>();
  const interrupted = runs.filter((info) => interruptionOf(info) !== undefined);
  await forEachBounded(interrupted, async (info) => {
    if (await isSucceeded(client, info)) succeeded.add(info);
  });
  return runs.filter((info) => !succeeded.has(info));
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
