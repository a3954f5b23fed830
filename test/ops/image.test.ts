import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/config';
import { privateConfig } from '../../src/stack/private-stack';
import { PART_NAMES, startPart } from '../../src/stack/start-part';
import { copiedFrom, isIgnored, stages } from '../support/ops/dockerfile';
import { inRepository, readText } from '../support/ops/paths';
import { temporaryDirectories } from '../unit/telemetry/temporary-directory';

const STAGES = stages();
const IMAGE = STAGES.at(-1)!;
const HEALTHCHECK = 'ops/docker/healthcheck.mjs';

const argumentOf = (keyword: string) => IMAGE.find((each) => each.keyword === keyword)?.argument;

/** Runs node with nothing of this process's environment, and says how it ended. */
function node(
  args: readonly string[],
  { cwd = inRepository('.'), environment = {} }: { cwd?: string; environment?: Record<string, string> } = {},
): Promise<{ code: number; output: string }> {
  const env = { PATH: process.env['PATH'], ...environment };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd, env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === 'number') resolve({ code, output: stdout + stderr });
      else reject(error ?? new Error('ended by a signal'));
    });
  });
}

describe('the image', () => {
  const directory = temporaryDirectories();

  it('is built in stages, without what only development needs', () => {
    expect(STAGES.length).toBeGreaterThan(1);
    const installs = STAGES.flat().filter(({ argument }) => argument.includes('npm ci'));
    expect(installs.map(({ argument }) => argument)).toEqual([expect.stringContaining('--omit=dev')]);
  });

  it('runs as a user of its own, with a health check', () => {
    expect(argumentOf('USER')).toBe('node');
    expect(argumentOf('HEALTHCHECK')).toMatch(/CMD \["node", "healthcheck\.mjs"\]$/);
    expect(argumentOf('ENTRYPOINT')).toBe('["node", "--import", "tsx", "src/start.ts"]');
  });

  it('says on which ports its parts listen', () => {
    const { gateway, metricsPort, services } = loadConfig({});
    const ports = [gateway.port, ...Object.values(services).map(({ port }) => port), metricsPort];
    expect(argumentOf('EXPOSE')?.split(' ').map(Number)).toEqual(ports);
  });

  it('copies what there is, and what Docker may see', () => {
    const copied = STAGES.flatMap(copiedFrom);
    expect(copied).toContain('src');
    expect(copied.filter((file) => !existsSync(inRepository(file)) || isIgnored(file))).toEqual([]);
    for (const file of ['data', '.git', 'test', 'node_modules', 'ops/compose/.env']) {
      expect({ file, ignored: isIgnored(file) }).toEqual({ file, ignored: true });
    }
  });

  it('has every file that a part and the CLI need', async () => {
    const root = directory();
    for (const file of copiedFrom(IMAGE)) {
      const name = path.join(root, file.startsWith('ops/') ? path.basename(file) : file);
      mkdirSync(path.dirname(name), { recursive: true });
      cpSync(inRepository(file), name, { recursive: true });
    }
    symlinkSync(inRepository('node_modules'), path.join(root, 'node_modules'));
    const load = ['./src/worker', './src/gateway/start-gateway', './src/services/start-service']
      .map((file) => `require('${file}')`)
      .join(';');
    const here = { cwd: root };
    expect(await node(['--import', 'tsx', '--eval', load], here)).toEqual({ code: 0, output: '' });
    expect(await node(['--import', 'tsx', 'src/start.ts', '--help'], here)).toMatchObject({ code: 0 });
    expect(await node(['bin/orders.cjs', '--version'], here)).toMatchObject({ code: 0 });
  });
});

describe('its health check', () => {
  /** What a test has started, to be ended also when it fails. */
  const running: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of running.splice(0).reverse()) await end();
  });

  it('knows every part, and where it answers by default', () => {
    const { gateway, metricsPort, services } = loadConfig({});
    const probes = [...readText(HEALTHCHECK).matchAll(/^ {2}(\w+): \['\w+', (\d+), /gm)];
    expect(Object.fromEntries(probes.map(([, part, port]) => [part, Number(port)]))).toEqual({
      gateway: gateway.port,
      worker: metricsPort,
      ...Object.fromEntries(Object.entries(services).map(([name, { port }]) => [name, port])),
    });
    expect(probes.map(([, part]) => part).sort()).toEqual([...PART_NAMES].sort());
  });

  it('is content with a service as long as it is ready', async () => {
    const { config, environment, remove } = await privateConfig({ LOG_LEVEL: 'fatal' });
    running.push(remove);
    const check = () => node([HEALTHCHECK, 'inventory'], { environment: { ...environment } });
    const service = await startPart('inventory', { config });
    running.push(() => service.stop());
    expect(await check()).toEqual({ code: 0, output: '' });
    await service.stop();
    expect(await check()).toMatchObject({ code: 1, output: expect.stringContaining('/readyz: ') });
  });

  it.each([
    ['gateway', 'GATEWAY_PORT', '/readyz'],
    ['worker', 'METRICS_PORT', '/metrics'],
  ])('asks the %s at its port, and takes nothing but 200', async (part, variable, url) => {
    let status = 200;
    const server = createServer((request, response) => {
      response.writeHead(request.url === url ? status : 404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    running.push(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as AddressInfo;
    const check = () => node([HEALTHCHECK, part], { environment: { [variable]: String(port) } });
    expect(await check()).toEqual({ code: 0, output: '' });
    status = 503;
    expect(await check()).toMatchObject({ code: 1, output: expect.stringContaining('answers 503') });
  });

  it('is not content with a part that there is not', async () => {
    expect(await node([HEALTHCHECK, 'toString'])).toEqual({
      code: 1,
      output: 'there is no part toString\n',
    });
  });
});
