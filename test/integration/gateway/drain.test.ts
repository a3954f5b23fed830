import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually';
import { GatewayClient } from '../../support/gateway-client';
import { TestStack } from '../../support/stack';
import { startParts } from '../../support/stack-processes';
import type { TsProcess } from '../../support/ts-process';

const HELD_OPEN = {
  'that asks nothing': '',
  'that has sent half a head': 'POST /orders HTTP/1.1\r\nhost: loc',
  'that has sent half a body':
    'POST /orders HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{',
};

let stack: TestStack;
let gateway: GatewayClient;
let gatewayProcess: TsProcess;
const sockets: Socket[] = [];

beforeEach(async () => {
  // No worker: whoever waits for an outcome waits for ever.
  stack = await TestStack.start({ GATEWAY_DRAIN_MS: '1500', GATEWAY_REQUEST_TIMEOUT_MS: '' }, ['inventory']);
  [gatewayProcess] = (await startParts(stack, ['gateway'])) as [TsProcess];
  gateway = new GatewayClient(`http://127.0.0.1:${String(stack.config.gateway.port)}`);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await gatewayProcess.dispose();
  await stack.stop();
});

async function open(text: string): Promise<Socket> {
  const socket = connect(stack.config.gateway.port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

/** The exit code; fails when the process does not end, as a deployment would by killing it. */
async function exitCode(): Promise<unknown> {
  let code: unknown;
  void gatewayProcess.ended.then((ended) => (code = ended));
  return eventually(
    () => code,
    (ended) => ended !== undefined,
    'the gateway ends',
    30_000,
  );
}

describe('a gateway that is told to stop', () => {
  it('turns red first, answers who waits with 202, ends its streams, and then itself with 0', async () => {
    const waiting = [
      gateway.place({ orderId: 'o-1' }),
      gateway.place({ orderId: 'o-1' }),
      gateway.place({}, { 'idempotency-key': 'k' }),
    ];
    await eventually(
      () => gateway.get('/orders/o-1'),
      ({ status }) => status === 200,
      'the first order is there',
    );
    const stream = await fetch(`${gateway.url}/orders/o-1/events`);
    expect(stream.headers.get('content-type')).toBe('text/event-stream');

    gatewayProcess.signal('SIGTERM');
    await eventually(
      () => gateway.get('/readyz'),
      ({ status }) => status === 503,
      'the gateway says that it stops',
    );
    expect(await gateway.get('/healthz')).toMatchObject({ status: 200 });
    // Some clients have not heard of it yet.
    expect(await gateway.place({ orderId: 'o-2' })).toMatchObject({ status: 202, body: { orderId: 'o-2' } });
    for (const answer of await Promise.all(waiting)) {
      expect(answer).toMatchObject({ status: 202, body: { status: 'running' } });
      expect(answer.headers.get('location')).toBe(`/orders/${String(answer.body['orderId'])}`);
    }
    expect(await stream.text()).not.toContain('event: end');
    expect(await exitCode()).toBe(0);
  });

  it.each(Object.entries(HELD_OPEN))('ends in spite of a client %s', async (_what, text) => {
    await open(text);
    // Those that come after it are served: the gateway has seen it.
    expect(await gateway.get('/healthz')).toMatchObject({ status: 200 });
    gatewayProcess.signal('SIGTERM');
    expect(await exitCode()).toBe(0);
  });

  it('ends in spite of a client that does not read its stream', async () => {
    await gateway.place({ orderId: 'o-1' }, { prefer: 'respond-async' });
    const socket = await open('GET /orders/o-1/events HTTP/1.1\r\nhost: localhost\r\n\r\n');
    socket.pause();
    await eventually(
      () => gateway.get<string>('/metrics'),
      ({ status }) => status === 200,
      'the gateway has seen it',
    );
    gatewayProcess.signal('SIGTERM');
    expect(await exitCode()).toBe(0);
  });
});
