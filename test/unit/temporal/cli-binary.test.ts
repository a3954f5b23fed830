import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findTemporalCli } from '../../../src/temporal/cli-binary';
import type { Downloader } from '../../../src/temporal/cli-install';
import { TemporalCliError } from '../../../src/temporal/cli-release';
import { isProcessAlive } from '../../../src/temporal/processes';
import { eventually } from '../../support/eventually';
import { TsProcess } from '../../support/ts-process';

const COMPLETE = '#!/bin/sh\necho complete\n';

/** Records its calls, leaves half a binary, waits for the gate, then completes the binary or fails. */
const FAKE_GO = `#!/bin/sh
echo "$$ $*" >> "$FAKE_GO_LOG"
echo "go: downloading example.org/a v1.0.0" >&2
echo "example.org/a/pkg" >&2
printf '#!/bin/sh\\n' > "$GOBIN/temporal"
/bin/chmod 755 "$GOBIN/temporal"
while [ ! -e "$FAKE_GO_GATE" ]; do /bin/sleep 0.05; done
if [ -n "$FAKE_GO_FAILURE" ]; then echo "$FAKE_GO_FAILURE" >&2; exit 1; fi
echo 'echo complete' >> "$GOBIN/temporal"
`;

const noDownload: Downloader = () => Promise.reject(new Error('no network'));

describe('the Temporal CLI resolver', () => {
  let root: string;
  let bin: string;
  let cacheDir: string;
  let cached: string;
  let environment: Record<string, string>;
  const started: TsProcess[] = [];

  beforeEach(async () => {
    root = await mkdtemp(path.join(os.tmpdir(), 'cli-binary-'));
    bin = path.join(root, 'bin');
    cacheDir = path.join(root, 'cache', 'temporal-cli-v1.5.1');
    cached = path.join(cacheDir, 'temporal');
    await mkdir(bin);
    environment = {
      PATH: bin,
      HOME: root,
      DURABLE_ORDERS_CACHE_DIR: path.join(root, 'cache'),
      FAKE_GO_LOG: path.join(root, 'go.log'),
      FAKE_GO_GATE: path.join(root, 'gate'),
    };
  });

  afterEach(async () => {
    await Promise.all(started.splice(0).map((child) => child.dispose()));
    await rm(root, { recursive: true, force: true });
  });

  async function script(file: string, text = COMPLETE): Promise<string> {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
    await chmod(file, 0o755);
    return file;
  }

  const installGo = () => script(path.join(bin, 'go'), FAKE_GO);
  const openGate = () => writeFile(path.join(root, 'gate'), '');

  async function builds(): Promise<{ pid: number; args: string }[]> {
    const log = path.join(root, 'go.log');
    if (!existsSync(log)) return [];
    return (await readFile(log, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => ({ pid: Number.parseInt(line, 10), args: line.slice(line.indexOf(' ') + 1) }));
  }

  const untilBuilding = (count: number) =>
    eventually(builds, (found) => found.length === count, `${String(count)} builds`);

  function findInProcess(): TsProcess {
    const child = new TsProcess('test/unit/temporal/find-cli-process.ts', [], environment);
    started.push(child);
    return child;
  }

  it('takes TEMPORAL_CLI_PATH before everything else', async () => {
    environment['TEMPORAL_CLI_PATH'] = await script(path.join(root, 'my-temporal'));
    await script(path.join(bin, 'temporal'));
    await script(cached);
    expect(await findTemporalCli({ environment })).toBe(path.join(root, 'my-temporal'));
  });

  it('refuses a TEMPORAL_CLI_PATH that cannot be executed instead of running another one', async () => {
    await script(path.join(bin, 'temporal'));
    const file = path.join(root, 'not-executable');
    await writeFile(file, COMPLETE);
    for (const wrong of [file, path.join(root, 'missing'), root]) {
      const found = findTemporalCli({ environment: { ...environment, TEMPORAL_CLI_PATH: wrong } });
      await expect(found).rejects.toThrow(`TEMPORAL_CLI_PATH=${wrong}`);
    }
  });

  it('takes `temporal` on PATH before the cache, and the cache before getting anything', async () => {
    await script(cached);
    await installGo();
    expect(await findTemporalCli({ environment, download: noDownload })).toBe(cached);
    await script(path.join(bin, 'temporal'));
    expect(await findTemporalCli({ environment, download: noDownload })).toBe(path.join(bin, 'temporal'));
    expect(await builds()).toEqual([]);
  });

  it('keeps a download in the cache and does not download twice', async () => {
    let downloads = 0;
    const download: Downloader = (directory) => {
      downloads += 1;
      return script(path.join(directory, 'whatever-the-sdk-calls-it'));
    };
    expect(await findTemporalCli({ environment, download })).toBe(cached);
    expect(await findTemporalCli({ environment, download })).toBe(cached);
    expect(downloads).toBe(1);
    expect(await readdir(cacheDir)).toEqual(['temporal']);
  });

  it('builds with go when nothing can be downloaded, saying what is tried', async () => {
    await installGo();
    await openGate();
    const lines: string[] = [];
    const found = findTemporalCli({
      environment,
      download: noDownload,
      onProgress: (line) => lines.push(line),
    });
    expect(await found).toBe(cached);
    expect(await readFile(cached, 'utf8')).toBe(COMPLETE);
    const calls = await builds();
    expect(calls.map(({ args }) => args)).toEqual([
      'install -v github.com/temporalio/cli/cmd/temporal@v1.5.1',
    ]);
    expect(lines.join('\n')).toMatch(
      /no network[\s\S]*go install[\s\S]*1 modules downloaded, 1 packages compiled/,
    );
  });

  it('names the three remedies, and why each way failed, when there is no way', async () => {
    const error: unknown = await findTemporalCli({ environment, download: noDownload }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(TemporalCliError);
    const { message } = error as Error;
    for (const part of ['no network', 'no `go`', 'TEMPORAL_ADDRESS', 'TEMPORAL_CLI_PATH', 'install Go']) {
      expect(message).toContain(part);
    }
  });

  it('shows the output of a build that fails, and uses nothing of it', async () => {
    await installGo();
    await openGate();
    environment['FAKE_GO_FAILURE'] = 'undefined: somethingImportant';
    const found = findTemporalCli({ environment, download: noDownload });
    await expect(found).rejects.toThrow(/exit code 1[\s\S]*undefined: somethingImportant/);
    expect(await readdir(cacheDir)).toEqual([]);
  });

  it('gives up when asked to, ending the build', async () => {
    await installGo();
    const abort = new AbortController();
    const found = findTemporalCli({ environment, download: noDownload, signal: abort.signal });
    const outcome = expect(found).rejects.toThrow('enough');
    const [build] = await untilBuilding(1);
    abort.abort(new Error('enough'));
    await outcome;
    expect(await isProcessAlive(build?.pid ?? 0)).toBe(false);
    expect(await readdir(cacheDir)).toEqual([]);
  });

  it('builds once for two processes: the second waits and finds it', async () => {
    await installGo();
    const first = findInProcess();
    await untilBuilding(1);
    const second = findInProcess();
    await second.said(/another process is getting it/);
    expect(existsSync(cached)).toBe(false);
    await openGate();
    expect([await first.ended, await second.ended]).toEqual([0, 0]);
    expect([first.stdout, second.stdout]).toEqual([`${cached}\n`, `${cached}\n`]);
    expect(await builds()).toHaveLength(1);
  });

  it('builds once for four processes that start together', async () => {
    await installGo();
    await openGate();
    const all = Array.from({ length: 4 }, findInProcess);
    expect(await Promise.all(all.map((child) => child.ended))).toEqual([0, 0, 0, 0]);
    expect(await builds()).toHaveLength(1);
    expect(await readdir(cacheDir)).toEqual(['temporal']);
  });

  it('succeeds after a builder was killed, whose half-made binary is never used', async () => {
    await installGo();
    const killed = findInProcess();
    const [build] = await untilBuilding(1);
    killed.signal('SIGKILL');
    expect(await killed.ended).toBe('SIGKILL');
    // The guard ends the build of a builder that cannot do it itself any more.
    await eventually(
      () => isProcessAlive(build?.pid ?? 0),
      (alive) => !alive,
      'the orphaned build ends',
    );
    expect(existsSync(cached)).toBe(false);

    await openGate();
    const next = findInProcess();
    expect(await next.ended).toBe(0);
    expect(await readFile(cached, 'utf8')).toBe(COMPLETE);
    expect(await builds()).toHaveLength(2);
    expect(await readdir(cacheDir)).toEqual(['temporal']);
  });
});
