import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { json, orders } from '../support/cli';
import { TestStack } from '../support/stack';

const NO_SERVER = { TEMPORAL_ADDRESS: '127.0.0.1:1', DATA_DIR: '/nonexistent/durable-orders' };

describe('without Temporal', () => {
  it.each([
    ['status', ['status', 'o-1']],
    ['list', ['list']],
    ['attention', ['attention']],
    ['cancel', ['cancel', 'o-1']],
    ['retry', ['retry', 'o-1']],
    ['skip', ['skip', 'o-1', '--step', 'refund_payment', '--reason', 'x']],
    ['audit', ['audit']],
  ])('orders %s ends with 3 and the remedy', async (_, args) => {
    const result = await orders([...args, '--json'], NO_SERVER);
    expect(result.code).toBe(3);
    const { error } = json<{ error: { code: string; message: string } }>(result);
    expect(error.code).toBe('temporal_unreachable');
    expect(error.message).toContain('127.0.0.1:1');
    expect(error.message).toContain('npm run dev');
  });

  it('says so to people in one message, without a stack', async () => {
    const result = await orders(['list'], NO_SERVER);
    expect(result).toMatchObject({ code: 3, stdout: '' });
    expect(result.stderr).toMatch(/^error: Temporal cannot be reached at 127\.0\.0\.1:1/);
    expect(result.stderr).not.toContain('    at ');
  });

  it('gives up on a server that accepts and never answers', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as AddressInfo;
    const sockets = new Set<{ destroy(): void }>();
    silent.on('connection', (socket) => sockets.add(socket));
    try {
      const result = await orders(['list', '--json'], {
        TEMPORAL_ADDRESS: `127.0.0.1:${String(port)}`,
      });
      expect(result.code).toBe(3);
    } finally {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => silent.close(resolve));
    }
  });

  it('orders doctor names everything that is missing, each with its remedy', async () => {
    const result = await orders(['doctor', '--json'], {
      ...NO_SERVER,
      ...{ ORDER_SERVICE_PORT: '1', INVENTORY_SERVICE_PORT: '2' },
      ...{ PAYMENT_SERVICE_PORT: '3', SHIPPING_SERVICE_PORT: '4' },
    });
    expect(result.code).toBe(3);
    const { ok, checks, lastHour } = json<{
      ok: boolean;
      checks: { name: string; ok: boolean; remedy?: string }[];
      lastHour: { unknown: string };
    }>(result);
    expect(ok).toBe(false);
    expect(lastHour.unknown).toContain('127.0.0.1:1');
    const failed = checks.filter((check) => !check.ok);
    expect(failed.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'temporal',
        'order service',
        'inventory service',
        'payment service',
        'shipping service',
      ]),
    );
    for (const { remedy } of failed) expect(remedy).toBeTruthy();
  });
});

describe('with Temporal but not everything else', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await TestStack.start({ ORDER_WAIT_MS: '300' }, ['inventory']);
  });
  afterAll(() => stack.stop());
  const run = (...args: string[]) => orders(args, stack.environment);

  it('an unknown order ends with 4', async () => {
    const result = await run('status', 'nobody', '--json');
    expect(result.code).toBe(4);
    expect(json(result)).toMatchObject({ error: { code: 'not_found' } });
  });

  it('an order without a worker is accepted, safe, and said to be waiting', async () => {
    const started = await run('start', '--sample', '--order-id', 'waits', '--json');
    expect(started.code).toBe(1);
    expect(json(started)).toMatchObject({ orderId: 'waits', status: 'running' });
    expect(started.stderr).toContain('npm start -- worker');
  });

  it('what only a worker can say ends with 3', async () => {
    const result = await run('status', 'waits', '--json');
    expect(result.code).toBe(3);
    expect(json(result)).toMatchObject({ error: { code: 'no_worker' } });
  });

  it('the list needs no worker', async () => {
    expect((await run('list')).code).toBe(0);
  });

  it('a watched order says what it waits for, and goes on once a worker runs', async () => {
    for (const part of ['order', 'payment', 'shipping'] as const) await stack.startPart(part);
    const watching = run('start', '--sample', '--order-id', 'waits', '--watch', '--json');
    const detached = await run('start', '--sample', '--order-id', 'waits', '--detach', '--json');
    expect(detached.code).toBe(0);
    await stack.startPart('worker');
    const watched = await watching;
    expect(watched.code).toBe(0);
    expect(json(watched)).toMatchObject({ status: 'completed' });
  });

  it('orders doctor is content, and says who polls', async () => {
    const result = await run('doctor', '--json');
    expect(json(result)).toMatchObject({ ok: true });
    expect(result.code).toBe(0);
    expect(result.stdout).toContain('1 on task queue orders');
  });

  it('no catalogue: 3 with the remedy, and nothing is started', async () => {
    await stack.stopPart('inventory');
    const result = await run('start', '--sample', '--order-id', 'unpriced', '--json');
    expect(result.code).toBe(3);
    expect(json(result)).toMatchObject({ error: { code: 'service_unreachable' } });
    expect((await run('status', 'unpriced')).code).toBe(4);
  });

  it('an order that is there is found again without a catalogue', async () => {
    const result = await run('start', '--sample', '--order-id', 'waits', '--json');
    expect(result.code).toBe(0);
    expect(json(result)).toMatchObject({ orderId: 'waits', status: 'completed' });
  });

  it('a reader that goes away is no error', async () => {
    const bin = path.join(__dirname, '../../bin/orders.cjs');
    const child = spawn(process.execPath, [bin, 'list', '--json'], {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...stack.environment },
    });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});
