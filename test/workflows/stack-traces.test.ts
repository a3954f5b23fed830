import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { bundleWorkflows, preloadedWith } from '../../src/temporal/workflow-bundle';
import { eventually } from '../support/eventually';
import { scriptedActivities } from '../support/order-activities';
import { OrderHarness, workflowCode } from '../support/order-harness';
import { sampleInput } from '../support/orders';

describe('where workflow code is', () => {
  let harness: OrderHarness;

  beforeAll(async () => {
    harness = await OrderHarness.connect();
  });
  afterAll(async () => {
    await harness.environment.teardown();
  });

  /** What Temporal's stack query says of an order that waits for its payment. */
  async function stackWhileAtWork(code: ReturnType<typeof workflowCode>): Promise<string> {
    const payment = new EventEmitter();
    let reached = false;
    const activities = scriptedActivities({
      processPayment: async () => {
        reached = true;
        await once(payment, 'paid');
        return { paymentId: 'pay_1' };
      },
    });
    return harness.withWorker(
      activities,
      async () => {
        const handle = await harness.start(sampleInput());
        await eventually(
          () => reached,
          (yes) => yes,
          'the payment is asked for',
        );
        const stack = await handle.query<string>('__stack_trace');
        payment.emit('paid');
        expect((await handle.result()).status).toBe('completed');
        return stack;
      },
      code,
    );
  }

  it('is not recorded promise by promise', async () => {
    expect(await stackWhileAtWork(workflowCode())).toBe('');
  });

  it('is told to the stack query by a bundle that records it', async () => {
    const recording = { workflowBundle: await bundleWorkflows({ stackTraces: true }) };
    expect(await stackWhileAtWork(recording)).toMatch(/src\/workflows\/order-saga\.ts:\d+/);
  });

  it('is told by what it throws', async () => {
    await harness.withWorker(scriptedActivities(), async () => {
      const input = sampleInput();
      // No client sends such an order; the workflow task fails, and is tried again until somebody repairs the code.
      const handle = await harness.start({ ...input, policies: undefined as never });
      const stackTrace = (await workflowTaskFailure(handle))?.stackTrace;
      expect(stackTrace).toMatch(/src\/saga\/policy\.ts:\d+/);
      expect(stackTrace).toMatch(/src\/workflows\/run-order\.ts:\d+/);
      await handle.terminate();
    });
  });

  it('is known of a rejection that nobody handles: it fails its own workflow task, and no worker', async () => {
    const { environment } = harness;
    const taskQueue = `stray-${randomUUID()}`;
    const worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue,
      workflowsPath: require.resolve('../support/stray-workflows'),
      bundlerOptions: { preloadModules: preloadedWith([]) },
    });
    await worker.runUntil(async () => {
      const { workflow } = environment.client;
      const handle = await workflow.start('stray', { taskQueue, workflowId: taskQueue });
      const failure = await workflowTaskFailure(handle);
      expect(failure?.message).toContain('left alone');
      expect(await workflow.execute('fine', { taskQueue, workflowId: `${taskQueue}-fine` })).toBe('fine');
      await handle.terminate();
    });
  });
});

/** Why the workflow's task failed, as soon as it has. */
async function workflowTaskFailure(handle: WorkflowHandle) {
  const event = await eventually(
    async () =>
      (await handle.fetchHistory()).events?.find(
        ({ workflowTaskFailedEventAttributes }) => workflowTaskFailedEventAttributes,
      ),
    (found) => found !== undefined,
    'the workflow task has failed',
  );
  return event?.workflowTaskFailedEventAttributes?.failure;
}
