import { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import type { WorkerVersion } from '../../config/config';
import { ordersQuery, quoteValue } from '../../orders/visibility-query';
import type { TemporalConnection } from '../../temporal/connection';
import type { Check } from './check';

const NAME = 'worker versions';

/** A worker that polls, and the version that it says it has; none: it takes orders of no version. */
export type Poller = Pick<temporal.api.taskqueue.v1.IPollerInfo, 'deploymentOptions'>;

/**
 * Whether every version that running orders are pinned to has a worker, and new orders have one: nothing to say where
 * versions are not used.
 */
export async function checkVersions(
  target: TemporalConnection,
  pollers: readonly Poller[],
): Promise<Check | undefined> {
  const deployments = await deploymentsOf(target);
  if (deployments.length === 0) return undefined;
  const polled = new Set(pollers.map(({ deploymentOptions }) => versionText(deploymentOptions)));
  const deserted: string[] = [];
  for (const version of deployments.flatMap(({ versions }) => versions)) {
    if (polled.has(versionText(version))) continue;
    const orders = await ordersPinnedTo(version, target);
    if (orders > 0) deserted.push(`${String(orders)} of ${versionText(version)}`);
  }
  if (deserted.length > 0) {
    return {
      name: NAME,
      ok: false,
      detail: `orders wait for a worker of their version: ${deserted.join(', ')}`,
      remedy:
        'start one with that WORKER_DEPLOYMENT_NAME and WORKER_BUILD_ID, or move the orders: docs/upgrades.md',
    };
  }
  const current = deployments.flatMap(({ current: version }) => (version === undefined ? [] : [version]));
  const unversioned = polled.has('');
  if (current.length === 0 && !unversioned) {
    return {
      name: NAME,
      ok: false,
      detail: 'new orders wait: no version is the current one',
      remedy: 'temporal worker deployment set-current-version: docs/upgrades.md',
    };
  }
  const detail =
    current.length === 0 ? 'none is current: new orders go to workers without one' : current.join(', ');
  return { name: NAME, ok: true, detail };
}

interface Deployment {
  readonly current: string | undefined;
  readonly versions: readonly WorkerVersion[];
}

async function deploymentsOf({ connection, namespace }: TemporalConnection): Promise<Deployment[]> {
  const { workflowService } = connection;
  const { workerDeployments } = await workflowService.listWorkerDeployments({ namespace, pageSize: 100 });
  return Promise.all(
    workerDeployments.map(async ({ name }) => {
      const deploymentName = name ?? '';
      const { workerDeploymentInfo } = await workflowService.describeWorkerDeployment({
        namespace,
        deploymentName,
      });
      const current = workerDeploymentInfo?.routingConfig?.currentDeploymentVersion;
      return {
        current: current ? versionText(current) : undefined,
        versions: (workerDeploymentInfo?.versionSummaries ?? []).flatMap(({ deploymentVersion }) =>
          deploymentVersion ? [{ deploymentName, buildId: deploymentVersion.buildId ?? '' }] : [],
        ),
      };
    }),
  );
}

async function ordersPinnedTo(
  version: WorkerVersion,
  { connection, namespace }: TemporalConnection,
): Promise<number> {
  const query =
    `${ordersQuery()} AND ExecutionStatus = 'Running' AND TemporalWorkflowVersioningBehavior = 'Pinned' ` +
    `AND TemporalWorkerDeploymentVersion = ${quoteValue(versionText(version))}`;
  const { count } = await new Client({ connection, namespace }).workflow.count(query);
  return count;
}

/** As Temporal writes it; empty for none. */
function versionText(
  version: { readonly deploymentName?: string | null; readonly buildId?: string | null } | null | undefined,
): string {
  return version?.deploymentName ? `${version.deploymentName}:${version.buildId ?? ''}` : '';
}
