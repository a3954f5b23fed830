import { spawn, type ChildProcessByStdio } from 'node:child_process';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { eventually } from './eventually';

const ROOT = path.join(__dirname, '../..');

/** A TypeScript program of this repository, running in a process of its own. */
export class TsProcess {
  readonly pid: number;
  stdout = '';
  stderr = '';
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;

  readonly #child: ChildProcessByStdio<null, Readable, Readable>;

  /** Starts `file` (from the repository's root) with exactly the given environment. */
  constructor(
    readonly file: string,
    args: readonly string[],
    environment: Readonly<Record<string, string | undefined>>,
  ) {
    this.#child = spawn(process.execPath, ['--import', 'tsx', file, ...args], {
      cwd: ROOT,
      env: { ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (this.#child.pid === undefined) throw new Error(`${file} did not start`);
    this.pid = this.#child.pid;
    const child = this.#child;
    const endWithUs = () => child.kill('SIGKILL');
    process.once('exit', endWithUs);
    child.once('close', () => process.off('exit', endWithUs));
    this.#child.stdout.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.#child.stderr.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        resolve(code ?? signal ?? 'SIGKILL');
      });
    });
  }

  /** Returns once stdout and stderr together match. */
  async said(pattern: RegExp): Promise<void> {
    await eventually(
      () => `${this.stdout}\n${this.stderr}`,
      (output) => {
        if (pattern.test(output)) return true;
        if (this.#child.exitCode !== null)
          throw new Error(`${this.file} ended before ${pattern.source}: ${output}`);
        return false;
      },
      `${this.file} says ${pattern.source}`,
    );
  }

  /** Sends a signal to this process alone, not to its group. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Ends it if it still runs. */
  async dispose(): Promise<void> {
    if (this.isRunning) this.#child.kill('SIGKILL');
    await this.ended;
  }
}
