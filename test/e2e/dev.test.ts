import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectTemporal } from '../../src/temporal/connection';
import { findFreePort } from '../../src/temporal/ports';
import { isProcessAlive } from '../../src/temporal/processes';
import { readServerRecord } from '../../src/temporal/server-record';
import { ownStack, type OwnStack } from '../support/own-stack';
import { TsProcess } from '../support/ts-process';

const READY = /^ready$/m;

describe('npm run dev', () => {
  let own: OwnStack;
  let dataDir: string;
  let environment: OwnStack['environment'];
  const started: TsProcess[] = [];

  beforeEach(async () => {
    own = await ownStack();
    ({ dataDir, environment } = own);
  });

  afterEach(async () => {
    await Promise.all(started.splice(0).map((child) => child.dispose()));
    await own.remove();
  });

  function dev(changes: Readonly<Record<string, string>> = {}): TsProcess {
    const child = new TsProcess('src/dev.ts', [], { ...environment, ...changes });
    started.push(child);
    return child;
  }

  async function serverPid(): Promise<number> {
    const record = await readServerRecord(dataDir);
    if (record === undefined) throw new Error('no server runs on DATA_DIR');
    return record.pid;
  }

  it('announces every part, answers where it says, and leaves no process behind on Ctrl-C', async () => {
    const stack = dev();
    await stack.said(READY);
    for (const part of ['temporal', 'order', 'inventory', 'payment', 'shipping', 'worker']) {
      expect(stack.stdout).toMatch(new RegExp(`^${part} +ready  \\S`, 'm'));
    }
    expect(stack.stdout).toContain("Temporal's web UI: http://127.0.0.1:");
    expect(stack.stdout.endsWith('\nready\n')).toBe(true);
    for (const name of ['ORDER', 'INVENTORY', 'PAYMENT', 'SHIPPING']) {
      const port = environment[`${name}_SERVICE_PORT`] ?? '';
      expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    }
    const { connection } = await connectTemporal({ dataDir }, { environment: { HOME: dataDir } });
    await connection.close();
    const server = await serverPid();
    const children = await childrenOf(stack.pid);
    expect(children).toContain(server);

    stack.signal('SIGINT');
    expect(await stack.ended).toBe(0);
    for (const child of children) expect(await isProcessAlive(child)).toBe(false);
    expect(existsSync(path.join(dataDir, 'temporal.json'))).toBe(false);
    expect(existsSync(path.join(dataDir, 'stack.lock'))).toBe(false);
  });

  it('takes a Ctrl-C that npm hands on as well for one', async () => {
    const stack = dev();
    await stack.said(READY);
    stack.signal('SIGINT');
    stack.signal('SIGINT');
    expect(await stack.ended).toBe(0);
    expect(existsSync(path.join(dataDir, 'temporal.json'))).toBe(false);
  });

  it('gives up cleanly when it is stopped while it starts', async () => {
    const stack = dev();
    await stack.said(/^temporal +ready/m);
    const server = await serverPid();
    stack.signal('SIGTERM');
    expect(await stack.ended).toBe(0);
    expect(await isProcessAlive(server)).toBe(false);
    expect(stack.stdout).not.toMatch(READY);
  });

  it('refuses a second stack on the same DATA_DIR, which leaves the first one alone', async () => {
    const first = dev();
    await first.said(/^temporal +ready/m);
    const other = await ownStack();
    const second = dev({ ...other.environment, DATA_DIR: dataDir });
    expect(await second.ended).toBe(1);
    await other.remove();
    expect(second.stderr).toContain(`DATA_DIR=${dataDir} is in use`);
    expect(second.stderr).not.toMatch(/^\s+at /m);
    await first.said(READY);
    first.signal('SIGINT');
    expect(await first.ended).toBe(0);
  });

  it('stops what it started when a part cannot start', async () => {
    const squatter = dev();
    await squatter.said(READY);
    const other = await ownStack();
    try {
      const stack = dev({
        ...other.environment,
        PAYMENT_SERVICE_PORT: environment['PAYMENT_SERVICE_PORT'] ?? '',
      });
      expect(await stack.ended).not.toBe(0);
      expect(stack.stderr).toContain('PAYMENT_SERVICE_PORT');
      expect(stack.stderr).not.toMatch(/^\s+at /m);
      expect(await readServerRecord(other.dataDir)).toBeUndefined();
    } finally {
      await other.remove();
    }
  });

  it('starts no server when TEMPORAL_ADDRESS names one, and says that this one does not answer', async () => {
    const cli = path.join(dataDir, 'temporal-cli');
    const called = path.join(dataDir, 'called');
    await writeFile(cli, `#!/bin/sh\necho called > ${called}\nexit 1\n`);
    await chmod(cli, 0o755);
    const address = `127.0.0.1:${String(await findFreePort('127.0.0.1'))}`;
    const stack = dev({ TEMPORAL_ADDRESS: address, TEMPORAL_CLI_PATH: cli });
    expect(await stack.ended).toBe(3);
    expect(stack.stderr).toContain(address);
    expect(stack.stderr).toContain('correct TEMPORAL_ADDRESS');
    expect(stack.stderr).not.toMatch(/^\s+at /m);
    expect(existsSync(called)).toBe(false);
  });

  it('uses the server that TEMPORAL_ADDRESS names, and does not stop it', async () => {
    const address = process.env['TEST_TEMPORAL_ADDRESS'] ?? '';
    const stack = dev({ TEMPORAL_ADDRESS: address });
    await stack.said(READY);
    expect(stack.stdout).toMatch(new RegExp(`^temporal +ready +${address} \\(not started here`, 'm'));
    stack.signal('SIGINT');
    expect(await stack.ended).toBe(0);
    const { connection } = await connectTemporal(
      { dataDir },
      { environment: { TEMPORAL_ADDRESS: address, HOME: dataDir } },
    );
    await connection.close();
  });
});

/** Process ids of everything below `pid`, at this moment. */
async function childrenOf(pid: number): Promise<number[]> {
  const tasks = `/proc/${String(pid)}/task`;
  const found: number[] = [];
  for (const task of await readdir(tasks)) {
    const children = await readFile(path.join(tasks, task, 'children'), 'utf8').catch(() => '');
    for (const child of children.split(' ').filter(Boolean).map(Number)) {
      found.push(child, ...(await childrenOf(child)));
    }
  }
  return found;
}
