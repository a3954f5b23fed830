import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OrderView } from '../../../src/domain/order';
import { PART_NAMES } from '../../../src/stack/start-part';
import { startDevServer } from '../../../src/temporal/dev-server';
import type { DevServer } from '../../../src/temporal/dev-server';
import { findFreePort } from '../../../src/temporal/ports';
import { eventually } from '../../support/eventually';
import type { GatewayAnswer } from '../../support/gateway-client';
import { GatewayClient, shippedTo } from '../../support/gateway-client';
import { ownStack } from '../../support/own-stack';
import type { OwnStack } from '../../support/own-stack';
import { TestStack } from '../../support/stack';

/** As a user has it; an order to XX tries its last step for as long as the test lasts. */
const SETTINGS = { GATEWAY_REQUEST_TIMEOUT_MS: '', SAGA_STEP_MAX_ATTEMPTS: '1000' };
/** What an answer may take while Temporal is away. */
const PROMISED_MS = 2_000;

let own: OwnStack;
let devServerPort: number;
let server: DevServer;
let stack: TestStack;
let gateway: GatewayClient;
beforeAll(async () => {
  own = await ownStack();
  devServerPort = await findFreePort('127.0.0.1');
  server = await startServer();
  stack = await TestStack.start(SETTINGS, PART_NAMES, server.address);
  gateway = new GatewayClient(`http://127.0.0.1:${String(stack.config.gateway.port)}`);
});
afterAll(async () => {
  await stack.stop();
  await server.stop();
  await own.remove();
});

/** The server, on its file and port. */
function startServer(): Promise<DevServer> {
  return startDevServer({ config: { dataDir: own.dataDir, devServerPort }, persistent: true, ui: false });
}

async function killServer(): Promise<void> {
  process.kill(server.pid, 'SIGKILL');
  await server.failed;
  await server.stop();
}

const keyed = () => ({ 'idempotency-key': randomUUID() });

/** The quickest of some answers, which are all alike: this machine may be busy with something else. */
async function quickest(ask: () => Promise<GatewayAnswer>): Promise<{ answer: GatewayAnswer; ms: number }> {
  const tries: { answer: GatewayAnswer; ms: number }[] = [];
  for (let n = 0; n < 3; n++) {
    const start = performance.now();
    tries.push({ answer: await ask(), ms: performance.now() - start });
  }
  const [first] = tries.sort((a, b) => a.ms - b.ms);
  return first!;
}

/** Of an order that completes before, and of one that comes while Temporal is away. */
const known = keyed();
const lost = keyed();
let completed: OrderView;

describe('while Temporal is away', () => {
  let waiting: Promise<GatewayAnswer>[];

  beforeAll(async () => {
    ({ body: completed } = await gateway.place<OrderView>({}, known));
    waiting = [
      gateway.place(shippedTo('XX'), keyed()),
      gateway.place(shippedTo('XX')),
      gateway.place({ ...shippedTo('XX'), orderId: 'waits' }),
    ];
    await eventually(
      () => gateway.get<Partial<OrderView>>('/orders/waits'),
      ({ body }) =>
        body.steps?.some(({ step, state }) => step === 'create_shipment' && state === 'running') === true,
      'the last of them is at its last step',
    );
    await killServer();
  });

  it('orders that were accepted are answered 202, and where to look', async () => {
    for (const answer of await Promise.all(waiting)) {
      expect(answer).toMatchObject({ status: 202, body: { status: 'running' } });
      expect(answer.headers.get('location')).toBe(`/orders/${String(answer.body['orderId'])}`);
    }
  });

  it.each([
    ['a new order', () => gateway.place({}, lost)],
    ['an order sent again', () => gateway.place({}, known)],
    ['an order', () => gateway.get(`/orders/${completed.orderId}`)],
    ['the list', () => gateway.get('/orders')],
    ['what waits', () => gateway.get('/attention')],
    ['a cancel', () => gateway.request('POST', '/orders/waits/cancel')],
  ])('%s is answered 503 within two seconds, and when to try again', async (_what, ask) => {
    const { answer, ms } = await quickest(ask);
    expect(answer).toMatchObject({ status: 503, body: { code: 'temporal_unreachable' } });
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(ms).toBeLessThan(PROMISED_MS);
  });

  it('the gateway is alive, not ready, and still tells what is wrong with an order', async () => {
    expect(await gateway.get('/healthz')).toMatchObject({ status: 200 });
    expect(await gateway.get('/readyz')).toMatchObject({ status: 503 });
    expect(await gateway.place({ items: [] })).toMatchObject({ status: 400 });
  });
});

describe('once Temporal is back', () => {
  beforeAll(async () => {
    server = await startServer();
  });

  it('the gateway is ready, without having been started again', async () => {
    await eventually(
      () => gateway.get('/readyz'),
      ({ status }) => status === 200,
      'the gateway is ready',
    );
  });

  it('orders go on from where they were', async () => {
    // One answer may take longer than the gateway waits, while the worker comes back.
    await eventually(
      () => gateway.request('POST', '/orders/waits/cancel'),
      ({ status }) => status === 202,
      'the cancel is accepted',
    );
    await eventually(
      () => gateway.get<OrderView>('/orders/waits'),
      ({ body }) => body.status === 'cancelled',
      'the order is cancelled',
    );
    await eventually(
      () => gateway.place({}, lost),
      ({ status }) => status === 201,
      'what could not be taken in completes',
    );
    const again = await gateway.place({}, known);
    expect(again).toMatchObject({ status: 201, body: { orderId: completed.orderId } });
  });
});
