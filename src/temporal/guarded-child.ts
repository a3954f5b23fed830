import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Environment } from './environment';

/** How a child ended: its exit code, or the signal that ended it. */
interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child process that never outlives this one. */
export interface GuardedChild {
  readonly pid: number;
  /** Resolves, and never rejects, once the child is gone and its output was read. */
  readonly ended: Promise<ChildEnd>;
  /** The last lines that the child wrote, oldest first. */
  outputTail(): string[];
  /** Asks the child and its descendants to stop (SIGTERM), and ends them (SIGKILL) after `limitMs`. */
  end(limitMs: number): Promise<void>;
}

export interface GuardedChildOptions {
  readonly environment: Environment;
  /** Its working directory. @default this process's */
  readonly cwd?: string;
  /** Called with each line of stdout and stderr. */
  readonly onLine?: (line: string) => void;
}

/** Enough for a Go program's panic, whose first line says why. */
const KEPT_LINES = 300;
/** How long a child that is not wanted any more may take to stop, ms. */
const ABORT_LIMIT_MS = 5_000;

/** Reads one line from its stdin, which only a living parent can send; the end of input is the parent's death. */
const GUARD_SCRIPT = 'read -r line || kill -TERM "-$1"';

/**
 * Starts `command` in a process group of its own, out of reach of a terminal's Ctrl-C, so that it is stopped
 * when its user decides; also when this process dies by SIGKILL the whole group is ended, by a small guard.
 *
 * @throws the system's error when `command` cannot be started.
 */
export async function spawnGuarded(
  command: string,
  args: readonly string[],
  { environment, cwd, onLine }: GuardedChildOptions,
): Promise<GuardedChild> {
  const child = spawn(command, args, {
    detached: true,
    env: { ...environment },
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = new Promise<ChildEnd>((resolve) => {
    child.once('close', (code, signal) => {
      resolve({ code, signal });
    });
  });
  await once(child, 'spawn');
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${command} started without a process id`);

  const tail: string[] = [];
  const keep = (line: string): void => {
    tail.push(line);
    if (tail.length > KEPT_LINES) tail.shift();
    onLine?.(line);
  };
  forEachLine(child.stdout, keep);
  forEachLine(child.stderr, keep);

  const guard = startGuard(pid, keep);
  const ended = closed.then((end) => {
    guard.stdin?.end('stopped\n');
    return end;
  });
  return {
    pid,
    ended,
    outputTail: () => [...tail],
    end: async (limitMs) => {
      signalGroup(pid, 'SIGTERM');
      const timer = setTimeout(() => {
        signalGroup(pid, 'SIGKILL');
      }, limitMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Ends `child` when `signal` says so, until the returned function is called. */
export function endOnAbort(child: GuardedChild, signal: AbortSignal | undefined): () => void {
  const end = (): void => void child.end(ABORT_LIMIT_MS);
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted === true) end();
  return () => signal?.removeEventListener('abort', end);
}

function startGuard(pid: number, onProblem: (line: string) => void): ChildProcess {
  const guard = spawn('/bin/sh', ['-c', GUARD_SCRIPT, 'guard', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.on('error', (error) => {
    onProblem(`process ${String(pid)} is not guarded: ${error.message}`);
  });
  guard.stdin.on('error', (error) => {
    onProblem(`the guard of process ${String(pid)} ended early: ${error.message}`);
  });
  guard.unref();
  return guard;
}

function forEachLine(stream: Readable, onLine: (line: string) => void): void {
  createInterface({ input: stream }).on('line', onLine);
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: the group ended by itself, which is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
