import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** The command line of a process, its arguments separated by spaces; `undefined` when it is gone. */
export async function commandLineOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    try {
      const raw = await readFile(`/proc/${String(pid)}/cmdline`, 'utf8');
      // A zombie's command line is empty: it is gone, but for its exit code.
      return raw === '' ? undefined : raw.replaceAll('\0', ' ').trim();
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ENOENT' || code === 'ESRCH') return undefined;
      throw error;
    }
  }
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)]);
    return stdout.trim() || undefined;
  } catch (error) {
    // `ps` exits with 1 when there is no such process.
    if ((error as { code?: unknown }).code === 1) return undefined;
    throw error;
  }
}

/** Whether a process with this id runs, whoever owns it; one that only waits to be reaped does not. */
export async function isProcessAlive(pid: number): Promise<boolean> {
  return (await commandLineOf(pid)) !== undefined;
}

/** Asks process `pid` to stop (SIGTERM), ends it (SIGKILL) after `limitMs`, and returns when it is gone. */
export async function endProcess(pid: number, limitMs: number): Promise<void> {
  const killAt = Date.now() + limitMs;
  let killed = false;
  signalProcess(pid, 'SIGTERM');
  while (await isProcessAlive(pid)) {
    if (!killed && Date.now() >= killAt) {
      signalProcess(pid, 'SIGKILL');
      killed = true;
    }
    await sleep(50);
  }
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
