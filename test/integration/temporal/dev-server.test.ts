import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { ConfigError } from '../../../src/config/config';
import { findTemporalCli } from '../../../src/temporal/cli-binary';
import { connectTemporal } from '../../../src/temporal/connection';
import { DataDirInUseError } from '../../../src/temporal/data-dir-claim';
import { startDevServer, type DevServer, type DevServerOptions } from '../../../src/temporal/dev-server';
import { DevServerError } from '../../../src/temporal/dev-server-error';
import { findFreePort } from '../../../src/temporal/ports';
import { endProcess, isProcessAlive } from '../../../src/temporal/processes';
import { readServerRecord, writeServerRecord } from '../../../src/temporal/server-record';
import { SEARCH_ATTRIBUTES } from '../../../src/workflows/definitions';
import { eventually } from '../../support/eventually';
import { TsProcess } from '../../support/ts-process';

/** More than any process id that a system gives. */
const NO_PROCESS = 2 ** 30;

describe('the embedded Temporal server', () => {
  let root: string;
  let dataDir: string;
  let port: number;
  const servers: DevServer[] = [];

  beforeEach(async () => {
    root = await mkdtemp(path.join(os.tmpdir(), 'dev-server-'));
    dataDir = path.join(root, 'data');
    port = await findFreePort('127.0.0.1');
  });

  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
    await rm(root, { recursive: true, force: true });
  });

  async function start(options: Partial<DevServerOptions> = {}): Promise<DevServer> {
    const server = await startDevServer({
      config: { dataDir, devServerPort: port },
      persistent: false,
      ui: false,
      ...options,
    });
    servers.push(server);
    return server;
  }

  it('answers where others find it, and is gone without a trace once stopped', async () => {
    const server = await start();
    expect(server.address).toBe(`127.0.0.1:${String(port)}`);
    const { connection, ...found } = await connectTemporal({ dataDir }, { environment: { HOME: root } });
    await connection.close();
    expect(found).toMatchObject({ address: server.address, namespace: 'default' });

    await server.stop();
    expect(await isProcessAlive(server.pid)).toBe(false);
    expect(await readServerRecord(dataDir)).toBeUndefined();
    // DATA_DIR is free again.
    await start();
  });

  it('serves its UI and says where', async () => {
    const server = await start({ ui: true });
    const answer = await fetch(server.uiUrl ?? '');
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('<html');
  });

  it('takes a free port when DEV_SERVER_PORT is taken, and says so', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const taken = (squatter.address() as AddressInfo).port;
    const lines: string[] = [];
    try {
      const server = await start({
        config: { dataDir, devServerPort: taken },
        onProgress: (line) => lines.push(line),
      });
      expect(server.address).not.toBe(`127.0.0.1:${String(taken)}`);
      expect(lines.join('\n')).toContain(`port ${String(taken)} (DEV_SERVER_PORT) is taken`);
      expect(await readServerRecord(dataDir)).toMatchObject({ address: server.address });
    } finally {
      await new Promise((resolve) => squatter.close(resolve));
    }
  });

  it('keeps workflows across a restart, listed by their search attributes', async () => {
    const customerId = `cus_${randomUUID()}`;
    const query = `CustomerId = '${customerId}'`;
    const first = await start({ persistent: true });
    await withClient(first.address, async (client) => {
      await client.workflow.start('nobodyRunsIt', {
        taskQueue: 'nobody',
        workflowId: 'kept',
        typedSearchAttributes: [{ key: SEARCH_ATTRIBUTES.customerId, value: customerId }],
      });
      await eventually(
        async () => (await client.workflow.count(query)).count,
        (count) => count === 1,
        'the workflow is listed',
      );
    });
    await first.stop();

    const second = await start({ persistent: true });
    await withClient(second.address, async (client) => {
      const found: string[] = [];
      for await (const { workflowId } of client.workflow.list({ query })) found.push(workflowId);
      expect(found).toEqual(['kept']);
    });
  });

  it('refuses a second one on the same DATA_DIR and leaves the first alone', async () => {
    const first = await start();
    const second = start({ config: { dataDir, devServerPort: await findFreePort('127.0.0.1') } });
    await expect(second).rejects.toThrow(DataDirInUseError);
    await expect(second).rejects.toThrow(`DATA_DIR=${dataDir}`);
    await withClient(first.address, async (client) => {
      await client.workflowService.getSystemInfo({});
    });
    expect(await readServerRecord(dataDir)).toMatchObject({ address: first.address });
  });

  it('does not outlive a stack that was killed, and the next one starts', async () => {
    const killed = new TsProcess(
      'test/integration/temporal/dev-server-process.ts',
      [dataDir, String(port)],
      process.env,
    );
    try {
      await killed.said(/^server \d+$/m);
      const pid = Number(/^server (\d+)$/m.exec(killed.stdout)?.[1]);
      expect(await isProcessAlive(pid)).toBe(true);
      killed.signal('SIGKILL');
      await eventually(
        () => isProcessAlive(pid),
        (alive) => !alive,
        'the server ends with its stack',
      );
      expect(await readServerRecord(dataDir)).toMatchObject({ pid });
      const next = await start({ persistent: true });
      expect(await readServerRecord(dataDir)).toMatchObject({ pid: next.pid });
    } finally {
      await killed.dispose();
    }
  });

  it('takes another port when somebody takes its own while it starts', async () => {
    // Both find the port free; one of the two servers loses it.
    const other = path.join(root, 'other');
    const [first, second] = await Promise.all([
      start(),
      start({ config: { dataDir: other, devServerPort: port } }),
    ]);
    expect(first.address).not.toBe(second.address);
    for (const { address } of [first, second]) {
      await withClient(address, async (client) => {
        await client.workflowService.getSystemInfo({});
      });
    }
  });

  it('ends a server that a killed stack left behind nevertheless', async () => {
    const stale = spawn(
      await findTemporalCli(),
      ['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--headless'],
      { stdio: 'ignore' },
    );
    const ended = new Promise((resolve) => stale.once('exit', resolve));
    try {
      const address = `127.0.0.1:${String(port)}`;
      const pid = stale.pid ?? 0;
      await mkdir(dataDir);
      await writeServerRecord(dataDir, { address, namespace: 'default', pid, ownerPid: NO_PROCESS });
      const lines: string[] = [];
      const next = await start({ onProgress: (line) => lines.push(line) });
      await ended;
      expect(lines.join('\n')).toContain('left behind');
      expect(next.address).toBe(address);
    } finally {
      stale.kill('SIGKILL');
    }
  });

  it('ends no process that only has the process id of the server', async () => {
    const innocent = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { stdio: 'ignore' });
    const pid = innocent.pid ?? 0;
    try {
      const first = await start();
      await first.stop();
      await writeServerRecord(dataDir, {
        address: first.address,
        namespace: 'default',
        pid,
        ownerPid: NO_PROCESS,
      });
      await start();
      expect(await isProcessAlive(pid)).toBe(true);
    } finally {
      innocent.kill('SIGKILL');
    }
  });

  it('says that it ended by itself, with the end of its log', async () => {
    const server = await start();
    await endProcess(server.pid, 10_000);
    const failure = await server.failed;
    expect(failure).toBeInstanceOf(DevServerError);
    expect(failure.message).toContain(`${server.address} ended by itself`);
  });

  it('shows the log of a server that does not start, and frees DATA_DIR', async () => {
    const broken = path.join(root, 'broken-temporal');
    await writeFile(broken, '#!/bin/sh\necho "cannot open database" >&2\nexit 1\n');
    await chmod(broken, 0o755);
    const started = start({ environment: { ...process.env, TEMPORAL_CLI_PATH: broken } });
    await expect(started).rejects.toThrow(DevServerError);
    await expect(started).rejects.toThrow('cannot open database');
    await start();
  });

  it('refuses a DATA_DIR that cannot be written, by name', async () => {
    const file = path.join(root, 'a-file');
    await writeFile(file, '');
    const started = start({ config: { dataDir: path.join(file, 'data'), devServerPort: port } });
    await expect(started).rejects.toThrow(ConfigError);
    await expect(started).rejects.toThrow(/DATA_DIR=.*a-file.*cannot be written/);
  });

  it('ends what it started when it is given up', async () => {
    const abort = new AbortController();
    const silent = path.join(root, 'silent-temporal');
    const pidFile = path.join(root, 'pid');
    await writeFile(silent, `#!/bin/sh\necho $$ > ${pidFile}\nexec /bin/sleep 600\n`);
    await chmod(silent, 0o755);
    const started = start({
      signal: abort.signal,
      environment: { ...process.env, TEMPORAL_CLI_PATH: silent },
    });
    const outcome = expect(started).rejects.toThrow('enough');
    const pid = await eventually(
      () => readPid(pidFile),
      (found) => found > 0,
      'the server process starts',
    );
    abort.abort(new Error('enough'));
    await outcome;
    expect(await isProcessAlive(pid)).toBe(false);
  });
});

async function readPid(file: string): Promise<number> {
  return Number(await readFile(file, 'utf8').catch(() => '0'));
}

async function withClient(address: string, use: (client: Client) => Promise<void>): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    await use(new Client({ connection }));
  } finally {
    await connection.close();
  }
}
