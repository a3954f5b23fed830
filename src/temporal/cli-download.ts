import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { TEMPORAL_CLI_VERSION } from './cli-release';
import { isExecutable } from './environment';
import { endOnAbort, spawnGuarded } from './guarded-child';
import type { InstallContext } from './install-once';

/** A download that brings no byte for this long is given up, ms: a firewall may swallow packets for ever. */
const STALL_MS = 30_000;
const WATCH_MS = 1_000;
const REPORT_MS = 5_000;
const END_LIMIT_MS = 5_000;

/**
 * Downloads the CLI the way the SDK's test environment does, and says where it is. A child process does it,
 * because the SDK's native runtime can be set up once in a process only, and that is for the worker to do.
 *
 * @throws Error saying why it could not be downloaded.
 */
export async function downloadWithSdk(
  directory: string,
  { environment, say, signal }: InstallContext,
): Promise<string> {
  const child = await spawnGuarded(
    process.execPath,
    [
      '--import',
      pathToFileURL(require.resolve('tsx')).href,
      path.join(__dirname, 'cli-download-process.ts'),
      directory,
    ],
    { environment },
  );
  const dispose = endOnAbort(child, signal);

  let size = 0;
  let grewAt = Date.now();
  let reportAt = Date.now() + REPORT_MS;
  const outcome = { stalled: false };
  const watch = async (): Promise<void> => {
    const now = Date.now();
    const current = await sizeOf(directory);
    if (current > size) {
      size = current;
      grewAt = now;
    } else if (!outcome.stalled && now - grewAt >= STALL_MS) {
      outcome.stalled = true;
      await child.end(END_LIMIT_MS);
    }
    if (size > 0 && now >= reportAt) {
      say(`downloading, ${String(Math.round(size / 1_000_000))} MB`);
      reportAt = now + REPORT_MS;
    }
  };
  const watcher = setInterval(() => void watch(), WATCH_MS);
  await child.ended;
  clearInterval(watcher);
  dispose();
  signal?.throwIfAborted();

  // The SDK gives the file this name by a rename, when it is complete; that its server starts within the SDK's
  // five seconds on a busy machine is not needed here.
  const binary = path.join(directory, `temporal-${TEMPORAL_CLI_VERSION}`);
  if (await isExecutable(binary)) return binary;
  if (outcome.stalled) throw new Error(`nothing arrived for ${String(STALL_MS / 1000)} s`);
  const reason = child.outputTail().at(-1) ?? 'failed without a reason';
  // Each layer of the SDK repeats the request; the innermost one has the cause.
  throw new Error(reason.slice(Math.max(0, reason.lastIndexOf('error sending request'))));
}

/** Bytes in the files of `directory`; 0 when it is gone already. */
async function sizeOf(directory: string): Promise<number> {
  const entries = await readdir(directory).catch(() => []);
  const sizes = await Promise.all(
    entries.map((entry) =>
      stat(path.join(directory, entry)).then(
        (found) => found.size,
        // Renamed between the listing and now.
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}
