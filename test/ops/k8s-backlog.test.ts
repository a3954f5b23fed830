import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { IScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import { temporal } from '@temporalio/proto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { GUARDIAN_WORKFLOW_TYPE } from '../../src/workflows/definitions';
import { eventually } from '../support/eventually';
import type { Manifest } from '../support/ops/kubernetes';
import { BUILD_FILE, manifestsIn, ofKind } from '../support/ops/kubernetes';
import { triggerSchema } from '../support/ops/kubernetes-schema';
import { workflowCode } from '../support/order-harness';
import { connectTestEnvironment } from '../support/temporal';

const { TaskQueueKind, TaskQueueType } = temporal.api.enums.v1;
const TYPES: Readonly<Record<string, temporal.api.enums.v1.TaskQueueType>> = {
  workflow: TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
  activity: TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
};
const WAITING = 5;

type Trigger = Extract<ReturnType<typeof triggerSchema.parse>, { type: 'temporal' }>['metadata'];

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await connectTestEnvironment();
});
afterAll(() => environment.teardown());

/** The `temporal` trigger of the workers in `file`, on a task queue of the test's own. */
function triggerIn(file: string, taskQueue: string): Trigger {
  const [scaled] = ofKind<Manifest & IScaledObject>(manifestsIn(file), 'ScaledObject');
  for (const trigger of scaled?.spec.triggers ?? []) {
    const known = triggerSchema.parse(trigger);
    if (known.type === 'temporal') return { ...known.metadata, taskQueue };
  }
  throw new Error(`${file} has no trigger of Temporal's`);
}

/** The backlog as KEDA's `temporal` scaler asks for it. */
async function backlog(trigger: Trigger): Promise<number> {
  const {
    namespace,
    taskQueue,
    workerDeploymentName: deploymentName,
    workerDeploymentBuildId: buildId,
  } = trigger;
  const { workflowService } = environment.client;
  const types = trigger.queueTypes.split(',').map((type) => TYPES[type]!);
  if (deploymentName === undefined || buildId === undefined) {
    const answers = await Promise.all(
      types.map((taskQueueType) =>
        workflowService.describeTaskQueue({
          namespace,
          taskQueue: { name: taskQueue, kind: TaskQueueKind.TASK_QUEUE_KIND_NORMAL },
          taskQueueType,
          reportStats: true,
        }),
      ),
    );
    return sum(answers);
  }
  const { versionTaskQueues } = await workflowService.describeWorkerDeploymentVersion({
    namespace,
    deploymentVersion: { deploymentName, buildId },
    reportTaskQueueStats: true,
  });
  return sum(versionTaskQueues.filter(({ name, type }) => name === taskQueue && types.includes(type!)));
}

const sum = (
  queues: readonly { readonly stats?: { readonly approximateBacklogCount?: unknown } | null }[],
): number => queues.reduce((total, { stats }) => total + Number(stats?.approximateBacklogCount ?? 0), 0);

/** Starts workflows that nobody runs while `look` looks. */
async function whileSomeWait(taskQueue: string, look: () => Promise<void>): Promise<void> {
  const { workflow } = environment.client;
  const handles = await Promise.all(
    Array.from({ length: WAITING }, (_, index) =>
      workflow.start(GUARDIAN_WORKFLOW_TYPE, { workflowId: `${taskQueue}-${String(index)}`, taskQueue }),
    ),
  );
  try {
    await look();
  } finally {
    await Promise.all(handles.map((handle) => handle.terminate()));
  }
}

/** Lets a worker of that version work for a moment, so that Temporal sends new workflows to it. */
async function makeCurrent(
  taskQueue: string,
  version: { deploymentName: string; buildId: string },
): Promise<void> {
  const { client, nativeConnection: connection } = environment;
  const worker = await Worker.create({
    connection,
    taskQueue,
    ...workflowCode(),
    workerDeploymentOptions: { version, useWorkerVersioning: true, defaultVersioningBehavior: 'PINNED' },
  });
  const { namespace } = client.options;
  await worker.runUntil(() =>
    eventually(
      () =>
        client.workflowService.setWorkerDeploymentCurrentVersion({ namespace, ...version }).then(
          () => 'set',
          (error: unknown) => String(error),
        ),
      (answer) => answer === 'set',
      'the version is current',
    ),
  );
}

describe('the backlog that the workers are scaled by', () => {
  it('is what waits in the task queue, where workers have no version', async () => {
    const trigger = triggerIn('worker.yaml', `backlog-${randomUUID()}`);
    expect(await backlog(trigger)).toBe(0);
    await whileSomeWait(trigger.taskQueue, async () => {
      await eventually(
        () => backlog(trigger),
        (waiting) => waiting === WAITING,
        'all are in the backlog',
      );
    });
  });

  it('is what waits for a build, where they have versions', async () => {
    const taskQueue = `backlog-${randomUUID()}`;
    const trigger = { ...triggerIn(BUILD_FILE, taskQueue), workerDeploymentName: taskQueue };
    const { workerDeploymentBuildId: buildId = '' } = trigger;
    await makeCurrent(taskQueue, { deploymentName: taskQueue, buildId });
    await whileSomeWait(taskQueue, async () => {
      await eventually(
        () => backlog(trigger),
        (waiting) => waiting === WAITING,
        'all are in its backlog',
      );
    });
  });
});
