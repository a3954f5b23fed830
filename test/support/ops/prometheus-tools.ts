import { spawn } from 'node:child_process';
import { inRepository } from './paths';

/** How a tool of Prometheus's ended, and all that it printed. */
export interface ToolResult {
  readonly code: number | null;
  readonly output: string;
}

/** Runs `promtool` (`PROMTOOL` names another one). @throws Error with the command that gets it when it is missing. */
export function promtool(...args: string[]): Promise<ToolResult> {
  return run(process.env['PROMTOOL'] ?? 'promtool', args, 'apt-get install prometheus, or set PROMTOOL');
}

/** Runs `amtool` (`AMTOOL` names another one). @throws Error with the command that gets it when it is missing. */
export function amtool(...args: string[]): Promise<ToolResult> {
  return run(
    process.env['AMTOOL'] ?? 'amtool',
    args,
    'apt-get install prometheus-alertmanager, or set AMTOOL',
  );
}

function run(command: string, args: readonly string[], remedy: string): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: inRepository('.'), stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'ENOENT' ? new Error(`This test needs ${command}: ${remedy}`) : error);
    });
    child.once('close', (code) => {
      resolve({ code, output });
    });
  });
}
