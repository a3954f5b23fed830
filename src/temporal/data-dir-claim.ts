import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectory } from '../config/make-directory';
import { setTimeout as sleep } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { ConfigError } from '../config/config';
import { isProcessAlive } from './processes';
import { readServerRecord } from './server-record';

/** Another stack runs on the same DATA_DIR. */
export class DataDirInUseError extends Error {
  override readonly name = 'DataDirInUseError';

  constructor(dataDir: string, holder: string) {
    super(
      `DATA_DIR=${dataDir} is in use by another stack (${holder}). Stop that one, or run this one beside it with a DATA_DIR and ports of its own`,
    );
  }
}

/** A stack that was killed holds its DATA_DIR for this long, ms. A busy one may be late with its refreshes. */
const LOCK_STALE_MS = 10_000;
const LOCK_REFRESH_MS = 2_000;
const LOCK_POLL_MS = 250;

/**
 * Makes `dataDir` this process's alone until the returned function is called. A living holder is refused at
 * once; one that was killed is waited for, about ten seconds.
 *
 * @throws {@link DataDirInUseError} when another stack runs on it.
 * @throws {@link ConfigError} naming DATA_DIR when it cannot be written.
 */
export async function claimDataDir(
  dataDir: string,
  { say, signal }: { say: (line: string) => void; signal?: AbortSignal },
): Promise<() => Promise<void>> {
  await ensureWritable(dataDir);
  const giveUpAt = Date.now() + LOCK_STALE_MS + LOCK_REFRESH_MS;
  let waiting = false;
  for (;;) {
    signal?.throwIfAborted();
    let compromised = false;
    try {
      const release = await lockfile.lock(dataDir, {
        lockfilePath: path.join(dataDir, 'stack.lock'),
        stale: LOCK_STALE_MS,
        update: LOCK_REFRESH_MS,
        onCompromised: (error) => {
          compromised = true;
          say(`the claim on DATA_DIR=${dataDir} was lost: ${error.message}`);
        },
      });
      return async () => {
        if (!compromised) await release();
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
    }
    const record = await readServerRecord(dataDir);
    if (record !== undefined && (await isProcessAlive(record.ownerPid))) {
      throw new DataDirInUseError(
        dataDir,
        `process ${String(record.ownerPid)}, Temporal at ${record.address}`,
      );
    }
    if (Date.now() >= giveUpAt) throw new DataDirInUseError(dataDir, 'it is starting or stopping');
    if (!waiting) say(`DATA_DIR=${dataDir} is claimed by a stack that does not show itself, waiting for it`);
    waiting = true;
    await sleep(LOCK_POLL_MS);
  }
}

async function ensureWritable(dataDir: string): Promise<void> {
  const probe = path.join(dataDir, `.writable-${String(process.pid)}`);
  try {
    makeDirectory(dataDir);
    await writeFile(probe, '');
    await rm(probe, { force: true });
  } catch (error) {
    throw new ConfigError([`DATA_DIR=${dataDir}: cannot be written (${(error as Error).message})`]);
  }
}
