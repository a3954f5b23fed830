import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectory } from '../config/make-directory';
import { setTimeout as sleep } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { buildWithGo } from './cli-build';
import { TEMPORAL_CLI_VERSION, TemporalCliError } from './cli-release';
import { findOnPath, isExecutable, type Environment } from './environment';
import { isProcessAlive } from './processes';

/** Puts the CLI of {@link TEMPORAL_CLI_VERSION} somewhere into `directory` and says where. */
export type Downloader = (directory: string, context: InstallContext) => Promise<string>;

/** What getting the binary needs to know. */
export interface InstallContext {
  readonly environment: Environment;
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal;
}

interface InstallOptions extends InstallContext {
  readonly download: Downloader;
}

/** A builder that was killed blocks others for this long, ms; a living one refreshes its lock well within. */
const LOCK_STALE_MS = 6_000;
const LOCK_REFRESH_MS = 1_500;
const LOCK_POLL_MS = 250;
const WAIT_REPORT_MS = 5_000;
const WORK_PREFIX = '.installing-';

/**
 * Leaves a complete binary at `target`, made here or by another process meanwhile; it appears there by one
 * rename, so no half of it is ever seen.
 *
 * @throws {@link TemporalCliError} with the output of what failed, and the remedies.
 */
export async function installTemporalCli(target: string, options: InstallOptions): Promise<void> {
  const directory = path.dirname(target);
  try {
    makeDirectory(directory);
  } catch (error) {
    throw new TemporalCliError(
      `the cache directory ${directory} cannot be made (${(error as Error).message}); set DURABLE_ORDERS_CACHE_DIR to one that can`,
    );
  }
  const release = await acquireLock(directory, target, options);
  if (release === undefined) return;
  try {
    if (await isExecutable(target)) return;
    await removeLeftovers(directory);
    const work = await mkdtemp(path.join(directory, `${WORK_PREFIX}${String(process.pid)}-`));
    try {
      await rename(await obtain(work, options), target);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  } finally {
    await release();
  }
}

async function obtain(work: string, options: InstallOptions): Promise<string> {
  const reasons: string[] = [];
  options.say('downloading');
  try {
    return await options.download(work, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    const reason = `download: ${(error as Error).message}`;
    options.say(reason);
    reasons.push(reason);
  }
  const go = await findOnPath(options.environment, 'go');
  if (go === undefined) {
    reasons.push('build: there is no `go` on PATH');
  } else {
    try {
      return await buildWithGo(go, work, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      reasons.push(`build: ${(error as Error).message}`);
    }
  }
  throw new TemporalCliError(
    [
      `there is no Temporal CLI ${TEMPORAL_CLI_VERSION}, and it could not be had:`,
      ...reasons.map((reason) => `  - ${reason}`),
      'Any one of these helps:',
      '  1. set TEMPORAL_ADDRESS to a Temporal server that runs already;',
      '  2. install the Temporal CLI (https://docs.temporal.io/cli), on PATH or named by TEMPORAL_CLI_PATH;',
      '  3. install Go (https://go.dev/dl), or allow access to https://temporal.download, and run this again.',
    ].join('\n'),
  );
}

/** Waits for whoever holds the lock; `undefined` when that one made the binary. */
async function acquireLock(
  directory: string,
  target: string,
  { say, signal }: InstallContext,
): Promise<(() => Promise<void>) | undefined> {
  const startedAt = Date.now();
  let reportAt = startedAt;
  for (;;) {
    signal?.throwIfAborted();
    let compromised = false;
    try {
      const release = await lockfile.lock(directory, {
        lockfilePath: path.join(directory, 'install.lock'),
        stale: LOCK_STALE_MS,
        update: LOCK_REFRESH_MS,
        // Somebody took the lock over while this machine slept. Two builds then run side by side, which costs
        // time only: each has a directory of its own, and the rename is atomic.
        onCompromised: () => {
          compromised = true;
        },
      });
      return async () => {
        if (!compromised) await release();
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
    }
    if (await isExecutable(target)) return undefined;
    if (Date.now() >= reportAt) {
      const seconds = Math.round((Date.now() - startedAt) / 1000);
      say(`another process is getting it, waiting (${String(seconds)} s)`);
      reportAt = Date.now() + WAIT_REPORT_MS;
    }
    await sleep(LOCK_POLL_MS);
  }
}

/** Removes what builders that were killed left behind; a living one's directory stays. */
async function removeLeftovers(directory: string): Promise<void> {
  for (const entry of await readdir(directory)) {
    if (!entry.startsWith(WORK_PREFIX)) continue;
    const pid = Number.parseInt(entry.slice(WORK_PREFIX.length), 10);
    if (await isProcessAlive(pid)) continue;
    await rm(path.join(directory, entry), { recursive: true, force: true });
  }
}
