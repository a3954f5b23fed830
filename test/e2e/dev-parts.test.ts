import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findFreePort } from '../../src/temporal/ports';
import { ownStack, type OwnStack } from '../support/own-stack';
import { TsProcess } from '../support/ts-process';

describe('npm start -- <part>', () => {
  let own: OwnStack;
  const started: TsProcess[] = [];

  beforeEach(async () => {
    own = await ownStack();
  });

  afterEach(async () => {
    await Promise.all(started.splice(0).map((child) => child.dispose()));
    await own.remove();
  });

  function start(args: readonly string[], changes: Record<string, string> = {}): TsProcess {
    const child = new TsProcess('src/start.ts', args, { ...own.environment, ...changes });
    started.push(child);
    return child;
  }

  it.each([
    ['no part', [], 'which part'],
    ['an unknown part', ['inventories'], 'no part inventories'],
    ['two parts', ['order', 'payment'], 'one part at a time'],
    ['an unknown option', ['order', '--port', '1'], '--port'],
  ])('refuses %s with exit code 2, listing the parts', async (_, args, message) => {
    const child = start(args);
    expect(await child.ended).toBe(2);
    expect(child.stderr).toContain(message);
    expect(child.stderr).toContain('order, inventory, payment, shipping');
    expect(child.stderr).toContain('worker');
    expect(child.stderr).not.toMatch(/^\s+at /m);
  });

  it('shows how it is used with --help', async () => {
    const child = start(['--help']);
    expect(await child.ended).toBe(0);
    expect(child.stdout).toContain('npm start -- <part>');
  });

  it('names every wrong variable at once, with exit code 2', async () => {
    const child = start(['order'], { ORDER_SERVICE_PORT: '99999', ORDER_WAIT_MS: 'soon' });
    expect(await child.ended).toBe(2);
    expect(child.stderr).toContain('ORDER_SERVICE_PORT=99999');
    expect(child.stderr).toContain('ORDER_WAIT_MS=soon');
    expect(child.stderr).not.toMatch(/^\s+at /m);
  });

  it('refuses a DATA_DIR that cannot be written, by name', async () => {
    const file = path.join(own.dataDir, 'a-file');
    await writeFile(file, '');
    const child = start(['inventory'], { DATA_DIR: path.join(file, 'data') });
    expect(await child.ended).not.toBe(0);
    expect(child.stderr).toContain('DATA_DIR');
    expect(child.stderr).not.toMatch(/^\s+at /m);
  });

  it('says where Temporal was looked for, and the remedy, with exit code 3', async () => {
    const address = `127.0.0.1:${String(await findFreePort('127.0.0.1'))}`;
    const child = start(['worker'], { TEMPORAL_ADDRESS: address });
    expect(await child.ended).toBe(3);
    expect(child.stderr).toContain(`Temporal cannot be reached at ${address}`);
    expect(child.stderr).toContain('npm run dev');
    expect(child.stderr).not.toMatch(/^\s+at /m);
  });

  it('names the variable of a port that is in use', async () => {
    const first = start(['payment']);
    await first.said(/^payment +ready/m);
    const second = start(['payment']);
    expect(await second.ended).not.toBe(0);
    expect(second.stderr).toContain('PAYMENT_SERVICE_PORT');
    expect(second.stderr).not.toMatch(/^\s+at /m);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('stops with exit code 0 on %s', async (signal) => {
    const child = start(['inventory']);
    await child.said(/^inventory +ready +http:/m);
    child.signal(signal);
    expect(await child.ended).toBe(0);
  });

  it('drains a worker on SIGTERM', async () => {
    const address = process.env['TEST_TEMPORAL_ADDRESS'] ?? '';
    const child = start(['worker'], { TEMPORAL_ADDRESS: address });
    await child.said(/^worker +ready/m);
    child.signal('SIGTERM');
    expect(await child.ended).toBe(0);
  });
});
