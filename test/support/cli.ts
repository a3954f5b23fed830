import { spawn } from 'node:child_process';
import path from 'node:path';

const ROOT = path.join(__dirname, '../..');
const BIN = path.join(ROOT, 'bin/orders.cjs');

/** What one run of the CLI came to. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real `orders` in a process of its own, with nothing of this process's environment but PATH and HOME. */
export function orders(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  stdin = '',
): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BIN, ...args], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], USER: 'tester', ...environment },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, stdout, stderr });
    });
    // A command that never reads its stdin may be gone before this is written.
    child.stdin.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') reject(error);
    });
    child.stdin.end(stdin);
  });
}

/** The one JSON document on stdout, as what the caller knows it to be. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- stands for a cast at each call
export function json<T = Record<string, unknown>>({ stdout }: CliResult): T {
  return JSON.parse(stdout) as T;
}
