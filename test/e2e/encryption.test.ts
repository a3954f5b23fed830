import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Worker } from '@temporalio/worker';
import { orderWorkflowId } from '../../src/domain/ids';
import type { OrderView } from '../../src/domain/order';
import { startCodecServer } from '../../src/codec/start-codec-server';
import { loadConfig } from '../../src/config/config';
import type { RunningPart } from '../../src/stack/part';
import { findTemporalCli } from '../../src/temporal/cli-binary';
import { dataConverterOf } from '../../src/temporal/data-converter';
import { findFreePort } from '../../src/temporal/ports';
import { canariesIn, newCanary } from '../support/canary';
import { json, orders } from '../support/cli';
import { eventually } from '../support/eventually';
import { workflowCode } from '../support/order-harness';
import { newPayloadKeys } from '../support/payload-keys';
import { TestStack } from '../support/stack';
import { startParts } from '../support/stack-processes';

const NAME = newCanary('NAME');
const LINE = newCanary('LINE');
const REASON = newCanary('REASON');
const SKU = 'SKU-RARE';
/** What only who has the keys may read. */
const SECRETS = [NAME, LINE, REASON, SKU, 'pm_card_'];

const KEYS = newPayloadKeys('k2');
const CODEC_TOKEN = 'the-token-of-the-codec-0123456789';

let stack: TestStack;
let codec: RunningPart;
beforeAll(async () => {
  const codecPort = String(await findFreePort('127.0.0.1'));
  stack = await TestStack.start({ PAYLOAD_KEYS: KEYS, CODEC_TOKEN, CODEC_PORT: codecPort });
  codec = await startCodecServer(stack.config);
});
afterAll(async () => {
  await codec.stop();
  await stack.stop();
});

const run = (args: readonly string[], settings: Readonly<Record<string, string>> = {}) =>
  orders([...args, '--json'], { ...stack.environment, ...settings });

const place = (orderId: string, ...flags: string[]) =>
  run(['start', '--sample', '--order-id', orderId, '--name', NAME, '--line1', LINE, ...flags]);

/** What Temporal's own CLI shows of an order's history, as JSON. */
async function shown(orderId: string, ...flags: string[]): Promise<string> {
  const cli = await findTemporalCli({ onProgress: () => undefined });
  const { TEMPORAL_ADDRESS = '', TEMPORAL_NAMESPACE = '' } = stack.environment;
  const { stdout } = await promisify(execFile)(
    cli,
    [
      ...['workflow', 'show', '--workflow-id', orderWorkflowId(orderId), '--output', 'json'],
      ...['--address', TEMPORAL_ADDRESS, '--namespace', TEMPORAL_NAMESPACE, ...flags],
    ],
    { maxBuffer: 50_000_000 },
  );
  return stdout;
}

describe('with PAYLOAD_KEYS', () => {
  it.each<[string, string, string[]]>([
    ['enc-completed', 'completed', ['--item', `${SKU}:2`]],
    ['enc-tcc', 'completed', ['--tcc']],
    ['enc-refused', 'failed', ['--item', `${SKU}:500`]],
    ['enc-parked', 'needs_attention', ['--country', 'AQ', '--payment', 'pm_card_refund_fails']],
  ])('%s ends %s', async (orderId, status, flags) => {
    expect(json<OrderView>(await place(orderId, ...flags)).status).toBe(status);
  });

  it('an operator gives a compensation up', async () => {
    const skip = ['skip', 'enc-parked', '--step', 'refund_payment', '--reason', REASON];
    expect(json<OrderView>(await run(skip))).toMatchObject({
      status: 'failed',
      compensations: expect.arrayContaining([expect.objectContaining({ reason: REASON })]),
    });
  });

  it.each(['enc-completed', 'enc-tcc', 'enc-refused', 'enc-parked'])(
    'the history of %s tells nobody what is in the order',
    async (orderId) => {
      const raw = await shown(orderId);
      expect(raw.length).toBeGreaterThan(5_000);
      expect(canariesIn(raw, SECRETS)).toEqual([]);
    },
  );

  it("Temporal's CLI reads it through the codec server, with its token alone", async () => {
    const endpoint = ['--codec-endpoint', codec.address];
    const auth = ['--codec-auth', `Bearer ${CODEC_TOKEN}`];
    expect(canariesIn(await shown('enc-completed', ...endpoint, ...auth), SECRETS)).toEqual(
      expect.arrayContaining([NAME, LINE, SKU, 'pm_card_']),
    );
    // What an activity failed with, and what an operator said, too.
    const failed = /"encodedAttributes": \{[^}]*\}[^}]*"data": "([^"]*)"/.exec(
      await shown('enc-refused', ...endpoint, ...auth),
    );
    expect(Buffer.from(failed?.[1] ?? '', 'base64').toString()).toContain(`${SKU}: 500 wanted`);
    expect(canariesIn(await shown('enc-parked', ...endpoint, ...auth), [REASON])).toEqual([REASON]);
    await expect(shown('enc-completed', ...endpoint)).rejects.toThrow();
  });

  it('orders are listed, shown, traced, linted and audited', async () => {
    const { orders: listed } = await eventually(
      async () => json<{ orders: OrderView[] }>(await run(['list'])),
      (page) => page.orders.length === 4,
      'all orders are listed',
    );
    const completed = listed.find(({ orderId }) => orderId === 'enc-completed');
    // From its memo.
    expect(completed).toMatchObject({
      status: 'completed',
      amount: { currency: 'EUR' },
      traceId: expect.anything(),
    });
    expect(json<OrderView>(await run(['status', 'enc-completed']))).toMatchObject({ items: [{ sku: SKU }] });
    for (const { orderId } of listed) {
      expect(await run(['trace', orderId, '--lint', '--repair'])).toMatchObject({ code: 0 });
    }
    expect(json(await run(['audit']))).toMatchObject({ ok: true });
  });

  it('histories replay', async () => {
    const { client, close } = await stack.openOrders();
    try {
      for (const orderId of ['enc-completed', 'enc-tcc', 'enc-refused', 'enc-parked']) {
        const history = await client.workflow.getHandle(orderWorkflowId(orderId)).fetchHistory();
        await Worker.runReplayHistory(
          { ...workflowCode(), dataConverter: dataConverterOf(stack.config) },
          history,
        );
      }
    } finally {
      await close();
    }
  });
});

describe('without the key', () => {
  it.each([
    ['another one', newPayloadKeys('k1')],
    ['none', ''],
  ])('who has %s is told which one is missing', async (_, keys) => {
    for (const args of [['status', 'enc-completed'], ['list']]) {
      const result = await run(args, { PAYLOAD_KEYS: keys });
      expect({ args, code: result.code, ...json(result) }).toMatchObject({
        code: 2,
        error: {
          code: 'payload_unreadable',
          message: expect.stringMatching(/key "k2", which PAYLOAD_KEYS does not have here.*PAYLOAD_KEYS/),
        },
      });
    }
  });

  it('a worker lives on, says so, and the order completes once one has the key', async () => {
    await stack.stopPart('worker');
    const [stranger] = await startParts(stack, ['worker'], {
      PAYLOAD_KEYS: newPayloadKeys('k1'),
      LOG_LEVEL: 'error',
    });
    try {
      expect((await place('enc-waits', '--detach')).code).toBe(0);
      await stranger!.said(/the key \\?"k2\\?\\?", which PAYLOAD_KEYS does not have here/);
      expect(stranger!.isRunning).toBe(true);
      const { client, close } = await stack.openOrders();
      const { status } = await client.workflow.getHandle(orderWorkflowId('enc-waits')).describe();
      await close();
      expect(status.name).toBe('RUNNING');
    } finally {
      await stranger!.dispose();
    }
    await stack.startPart('worker');
    await eventually(
      async () => json<OrderView>(await run(['status', 'enc-waits'])),
      ({ status }) => status === 'completed',
      'the order completes',
    );
  });

  it('keys are changed while orders run: what the old one wrote stays readable', async () => {
    const rotated = { PAYLOAD_KEYS: `${newPayloadKeys('k3')},${KEYS}` };
    expect(loadConfig(rotated).payloadKeys.current?.id).toBe('k3');
    expect(json<OrderView>(await run(['status', 'enc-parked'], rotated)).status).toBe('failed');
  });
});
