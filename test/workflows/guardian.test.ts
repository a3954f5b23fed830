import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { GUARDIAN_WORKFLOW_TYPE } from '../../src/workflows/definitions';
import { eventually } from '../support/eventually';
import { workflowCode } from '../support/order-harness';
import { connectTestEnvironment } from '../support/temporal';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await connectTestEnvironment();
});
afterAll(() => environment.teardown());

it('is ended by whichever build is current, where workers have versions that pin orders', async () => {
  const taskQueue = `guardian-${randomUUID()}`;
  const version = { deploymentName: taskQueue, buildId: 'v1' };
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    ...workflowCode(),
    activities: { settleAbandonedOrders: () => Promise.resolve({ settled: 0, failed: 0 }) },
    workerDeploymentOptions: { version, useWorkerVersioning: true, defaultVersioningBehavior: 'PINNED' },
  });
  const { client } = environment;
  const behaviors = await worker.runUntil(async () => {
    const { namespace } = client.options;
    await eventually(
      () =>
        client.workflowService
          .setWorkerDeploymentCurrentVersion({ namespace, ...version, ignoreMissingTaskQueues: true })
          .then(
            () => 'set',
            () => 'unknown',
          ),
      (answer) => answer === 'set',
      'the version is current',
    );
    const handle = await client.workflow.start(GUARDIAN_WORKFLOW_TYPE, { workflowId: taskQueue, taskQueue });
    expect(await handle.result()).toEqual({ settled: 0, failed: 0 });
    const { events } = await handle.fetchHistory();
    return events?.flatMap(
      ({ workflowTaskCompletedEventAttributes: task }) => task?.versioningBehavior ?? [],
    );
  });
  // 2: VERSIONING_BEHAVIOR_AUTO_UPGRADE
  expect(new Set(behaviors)).toEqual(new Set([2]));
});
