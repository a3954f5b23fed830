import type { Client } from '@temporalio/client';
import { ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy } from '@temporalio/client';
import { GUARDIAN_WORKFLOW_TYPE, ORDERS_TASK_QUEUE } from '../workflows/definitions';

/** The schedule's id in its namespace, and its workflows' up to the time of their start. */
export const GUARDIAN_SCHEDULE_ID = 'orders-guardian';

/** Longer than a look with all of its attempts, ms: one that no worker ends must not keep the next from starting. */
const RUN_TIMEOUT_MS = 20 * 60_000;

/**
 * Has the guardian look every `intervalMs`, one look at a time, whichever worker does it; 0: never. The last worker to
 * start decides.
 */
export async function scheduleGuardian(client: Client, intervalMs: number): Promise<void> {
  const schedule = client.schedule.getHandle(GUARDIAN_SCHEDULE_ID);
  if (intervalMs === 0) {
    await schedule.delete().catch((error: unknown) => {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
    });
    return;
  }
  const options = {
    spec: { intervals: [{ every: intervalMs }] },
    action: {
      type: 'startWorkflow' as const,
      workflowType: GUARDIAN_WORKFLOW_TYPE,
      workflowId: GUARDIAN_SCHEDULE_ID,
      taskQueue: ORDERS_TASK_QUEUE,
      args: [],
      workflowRunTimeout: RUN_TIMEOUT_MS,
    },
    // What was missed while nothing ran is seen by the next look as well.
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '10 seconds' as const },
  };
  try {
    await client.schedule.create({ scheduleId: GUARDIAN_SCHEDULE_ID, ...options });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await schedule.update(({ state }) => ({ ...options, state }));
  }
}
