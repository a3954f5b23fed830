import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { TsProcess } from '../../support/ts-process';
import { temporaryDirectories } from '../telemetry/temporary-directory';

let registry: Server;
const directory = temporaryDirectories();
afterEach(() => new Promise((resolve) => registry.close(resolve)));

/** The audit's words and exit code with a registry that answers a question for advisories with `answer`. */
async function audit(answer: (response: ServerResponse) => void) {
  registry = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      if (request.url === '/-/npm/v1/security/advisories/bulk') answer(response);
      else response.writeHead(404).end('{}');
    });
  });
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  const { port } = registry.address() as AddressInfo;
  const run = new TsProcess('scripts/audit-dependencies.ts', [], {
    ...process.env,
    npm_config_registry: `http://127.0.0.1:${String(port)}`,
    npm_config_fetch_retries: '0',
    // npm remembers advisories by their ids.
    npm_config_cache: directory(),
  });
  const code = await run.ended;
  return { code, output: run.stdout };
}

const advisory = (severity: string) => (response: ServerResponse) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(
    JSON.stringify({
      pg: [{ id: 1, url: 'x', title: 'It leaks', severity, vulnerable_versions: '<9', cwe: [] }],
      jest: [],
    }),
  );
};

describe('the audit of dependencies', () => {
  it.each(['high', 'critical'])('fails for a %s finding, and names it', async (severity) => {
    const { code, output } = await audit(advisory(severity));
    expect({ code, output }).toEqual({
      code: 1,
      output: expect.stringMatching(new RegExp(`^${severity}: pg .*It leaks`, 'm')),
    });
  });

  it.each(['low', 'moderate'])('names a %s finding, and goes on', async (severity) => {
    const { code, output } = await audit(advisory(severity));
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining(`${severity}: pg`) });
  });

  it('is content when there is nothing', async () => {
    const nothing = (response: ServerResponse) => response.writeHead(200).end('{}');
    expect(await audit(nothing)).toEqual({ code: 0, output: 'audited: 0 found, 0 high or critical\n' });
  });

  it('says plainly that a registry without advisories audits nothing, and goes on', async () => {
    const { code, output } = await audit((response) => response.writeHead(405).end('{}'));
    expect(code).toBe(0);
    expect(output).toMatch(/^NOT AUDITED: .*405/);
    expect(output).not.toContain('127.0.0.1');
  });
});
