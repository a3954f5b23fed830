import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkVersions } from '../../src/cli/doctor/version-checks';
import { orderWorkflowId } from '../../src/domain/ids';
import type { OrderView } from '../../src/domain/order';
import type { Orders } from '../../src/orders/open-orders';
import { findTemporalCli } from '../../src/temporal/cli-binary';
import { findFreePort } from '../../src/temporal/ports';
import {
  BREAKING_PAUSE,
  changedBundle,
  GUARDED_PAUSE,
  newSourcesDirectory,
} from '../support/changed-workflows';
import { json, orders } from '../support/cli';
import { eventually } from '../support/eventually';
import { sampleOrder } from '../support/orders';
import { TestStack } from '../support/stack';
import { startParts } from '../support/stack-processes';
import type { TsProcess } from '../support/ts-process';

const DEPLOYMENT = 'orders';

let stack: TestStack;
let session: Orders;
let directory: string;
/** Of each build, the workflows that it has; v1 has those of this run. */
const bundles: Record<string, string> = {};
const workers = new Map<string, TsProcess>();

beforeAll(async () => {
  directory = await newSourcesDirectory();
  bundles['v2'] = await changedBundle(path.join(directory, 'v2'), [BREAKING_PAUSE]);
  bundles['v3'] = await changedBundle(path.join(directory, 'v3'), GUARDED_PAUSE);
  // Without a carrier, orders stay where they are until there is one.
  stack = await TestStack.start({ SAGA_STEP_MAX_ATTEMPTS: '1000' }, ['order', 'inventory', 'payment']);
  session = await stack.openOrders();
});
afterAll(async () => {
  await Promise.all([...workers.values()].map((worker) => worker.dispose()));
  await session.close();
  await stack.stop();
  await rm(directory, { recursive: true });
});

async function startWorker(build: string): Promise<void> {
  const bundle = bundles[build];
  const [worker] = await startParts(stack, ['worker'], {
    METRICS_PORT: String(await findFreePort('127.0.0.1')),
    ...(build !== 'unversioned' && { WORKER_DEPLOYMENT_NAME: DEPLOYMENT, WORKER_BUILD_ID: build }),
    ...(bundle !== undefined && { WORKFLOW_BUNDLE: bundle }),
  });
  workers.set(build, worker!);
}

async function stopWorker(build: string): Promise<void> {
  workers.get(build)!.signal('SIGTERM');
  expect(await workers.get(build)!.ended).toBe(0);
}

/** Temporal's own CLI, as docs/upgrades.md has it. */
async function temporal(...args: readonly string[]): Promise<string> {
  const cli = await findTemporalCli({ onProgress: () => undefined });
  const { TEMPORAL_ADDRESS = '', TEMPORAL_NAMESPACE = '' } = stack.environment;
  const where = ['--address', TEMPORAL_ADDRESS, '--namespace', TEMPORAL_NAMESPACE];
  const { stdout } = await promisify(execFile)(cli, [...args, ...where]);
  return stdout;
}

/** Once the server has seen its worker. */
async function setCurrent(build: string): Promise<void> {
  const version = ['--deployment-name', DEPLOYMENT, '--build-id', build, '--yes'];
  await eventually(
    () =>
      temporal('worker', 'deployment', 'set-current-version', ...version).catch((error: unknown) => error),
    (answer) => typeof answer === 'string',
    `${build} is the current version`,
  );
}

/** Places an order that comes as far as its shipment, for which there is no carrier yet. */
async function placeHeld(orderId: string): Promise<void> {
  await session.orders.start(sampleOrder({ orderId }));
  await eventually(
    () => session.orders.get(orderId),
    ({ steps }) => steps[2]?.state === 'done',
    `${orderId} waits for its carrier`,
  );
}

/** The outcomes once there is a carrier; there is none afterwards. */
async function release(...orderIds: readonly string[]): Promise<(OrderView['status'] | undefined)[]> {
  await stack.startPart('shipping');
  const views = await Promise.all(
    orderIds.map((orderId) => session.orders.waitForOutcome(orderId, { timeoutMs: 60_000 })),
  );
  await stack.stopPart('shipping');
  return views.map((view) => view?.status);
}

/** What an order was run by, and whether it had the pause that v2 and v3 brought. */
async function ranOn(orderId: string) {
  const handle = session.client.workflow.getHandle(orderWorkflowId(orderId));
  const { raw } = await handle.describe();
  const { events } = await handle.fetchHistory();
  return {
    build: raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId,
    paused: events?.some((event) => event.timerStartedEventAttributes) ?? false,
  };
}

async function versionsCheck() {
  const { checks } = json<{ checks: { name: string; ok: boolean; detail: string; remedy?: string }[] }>(
    await orders(['doctor', '--json'], stack.environment),
  );
  return checks.find(({ name }) => name === 'worker versions');
}

/** What orders doctor finds once the server, which remembers pollers for a minute, sees those of `builds` alone. */
async function versionsCheckWith(builds: readonly string[]) {
  const pollers = builds.map((buildId) => ({ deploymentOptions: { deploymentName: DEPLOYMENT, buildId } }));
  return checkVersions(session.temporal, pollers);
}

describe('workers with versions', () => {
  it('take over what began without, once one is current', async () => {
    await startWorker('unversioned');
    await placeHeld('before');
    expect(await versionsCheck()).toBeUndefined();
    await startWorker('v1');
    const check = await eventually(versionsCheck, (found) => found !== undefined, 'there is a version');
    expect(check).toMatchObject({ ok: true, detail: expect.stringContaining('none is current') });
    expect(await versionsCheckWith(['v1'])).toMatchObject({
      ok: false,
      detail: 'new orders wait: no version is the current one',
    });
    await setCurrent('v1');
    await stopWorker('unversioned');
    expect(await release('before')).toEqual(['completed']);
    expect(await ranOn('before')).toEqual({ build: 'v1', paused: false });
  });

  it('end what they began, while new orders go to the next version', async () => {
    await placeHeld('on-v1');
    await startWorker('v2');
    await setCurrent('v2');
    await placeHeld('on-v2');
    expect(await versionsCheck()).toMatchObject({ ok: true, detail: 'orders:v2' });
    expect(await release('on-v1', 'on-v2')).toEqual(['completed', 'completed']);
    expect(await ranOn('on-v1')).toEqual({ build: 'v1', paused: false });
    expect(await ranOn('on-v2')).toEqual({ build: 'v2', paused: true });
  });

  it('are rolled back for new orders, and end what the newer one began', async () => {
    await placeHeld('still-on-v2');
    await setCurrent('v1');
    await placeHeld('on-v1-again');
    expect(await release('still-on-v2', 'on-v1-again')).toEqual(['completed', 'completed']);
    expect(await ranOn('still-on-v2')).toEqual({ build: 'v2', paused: true });
    expect(await ranOn('on-v1-again')).toEqual({ build: 'v1', paused: false });
  });

  it('leave orders waiting when the last of their version goes, and orders doctor says which', async () => {
    await placeHeld('left-behind');
    await stopWorker('v1');
    const check = await eventually(
      () => versionsCheckWith(['v2']),
      (found) => found?.ok === false,
      'the list of orders shows the one that was left behind',
    );
    expect(check).toMatchObject({
      detail: 'orders wait for a worker of their version: 1 of orders:v1',
      remedy: expect.stringContaining('docs/upgrades.md'),
    });
    const status = await orders(['status', 'left-behind', '--json'], stack.environment);
    expect(status.code).toBe(3);
    expect(json(status)).toMatchObject({ error: { code: 'no_worker' } });
  });

  it('take such orders over when they are moved, where the change is guarded by patched', async () => {
    await startWorker('v3');
    await setCurrent('v3');
    const moved = ['--workflow-id', orderWorkflowId('left-behind')];
    await temporal('workflow', 'update-options', ...moved, '--versioning-override-behavior', 'auto_upgrade');
    await placeHeld('on-v3');
    expect(await release('left-behind', 'on-v3')).toEqual(['completed', 'completed']);
    expect(await ranOn('left-behind')).toMatchObject({ paused: false });
    expect(await ranOn('on-v3')).toEqual({ build: 'v3', paused: true });
    expect(await versionsCheck()).toMatchObject({ ok: true, detail: 'orders:v3' });
  });

  it('lost nothing and doubled nothing on the way', async () => {
    await stack.startPart('shipping');
    expect(await session.audit()).toMatchObject({ ok: true, orders: { completed: 7 } });
  });
});
