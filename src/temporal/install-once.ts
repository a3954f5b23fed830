import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { ConfigError } from '../config/config';
import { makeDirectory } from '../config/make-directory';
import { isExecutable, type Environment } from './environment';
import { isProcessAlive } from './processes';

/** What getting something needs to know. */
export interface InstallContext {
  readonly environment: Environment;
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** A builder that was killed blocks others for this long, ms; a living one refreshes its lock well within. */
const LOCK_STALE_MS = 6_000;
const LOCK_REFRESH_MS = 1_500;
const LOCK_POLL_MS = 250;
const WAIT_REPORT_MS = 5_000;
const WORK_PREFIX = '.installing-';

/**
 * Leaves a complete binary (or directory) at `target`, made by `make` or by another process meanwhile; it appears
 * there by one rename, so no half of it is ever seen.
 *
 * @param make puts it somewhere into the directory that it is given, and says where.
 * @param isThere tells what is complete; unless told, an executable file.
 * @throws {@link ConfigError} when the target's directory cannot be made, and whatever `make` throws.
 */
export async function installOnce(
  target: string,
  context: InstallContext,
  make: (directory: string) => Promise<string>,
  isThere: (target: string) => Promise<boolean> = isExecutable,
): Promise<void> {
  const directory = path.dirname(target);
  try {
    makeDirectory(directory);
  } catch (error) {
    throw new ConfigError([
      `DURABLE_ORDERS_CACHE_DIR: the cache directory ${directory} cannot be made (${(error as Error).message}); choose one that can`,
    ]);
  }
  const release = await acquireLock(directory, () => isThere(target), context);
  if (release === undefined) return;
  try {
    if (await isThere(target)) return;
    await removeLeftovers(directory);
    const work = await mkdtemp(path.join(directory, `${WORK_PREFIX}${String(process.pid)}-`));
    try {
      await rename(await make(work), target);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  } finally {
    await release();
  }
}

/** Waits for whoever holds the lock; `undefined` when that one made it. */
async function acquireLock(
  directory: string,
  isMade: () => Promise<boolean>,
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
    if (await isMade()) return undefined;
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
