import { proxyActivities, setWorkflowOptions, workflowInfo } from '@temporalio/workflow';
import type { GuardianActivities, GuardianReport } from './definitions';

const { settleAbandonedOrders } = proxyActivities<GuardianActivities>({
  // A look takes seconds, or minutes after very many orders were interrupted; one whose worker is killed costs the
  // heartbeat's time.
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '5 seconds',
  retry: { maximumAttempts: 3, initialInterval: '1 second', backoffCoefficient: 1 },
});

// A look is not an order: one whose build has gone is ended by the build that is there. A worker without a version must not
// speak of versions: the server refuses what it says.
setWorkflowOptions(
  () =>
    workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior: 'AUTO_UPGRADE' } : {},
  guardian,
);

/**
 * One look for orders whose workflow is gone, started again and again by a schedule, one at a time; it goes on in the
 * books where the one before has stopped.
 */
export async function guardian(): Promise<GuardianReport> {
  const { cursor } = (workflowInfo().lastResult ?? {}) as Partial<GuardianReport>;
  return settleAbandonedOrders({ ...(cursor !== undefined && { cursor }) });
}
