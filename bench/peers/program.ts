import type { TsProcess } from '../../test/support/ts-process';
import type { SequenceCounts } from './sequences';

/** Asks a process of the bench to end, and returns which steps it has run: the last line that it writes. */
export async function endOf(program: TsProcess): Promise<SequenceCounts> {
  program.signal('SIGTERM');
  return lastLine<SequenceCounts>(program);
}

/** The last line that a process writes until it ends by itself, as JSON. */
export async function lastLine<T>(program: TsProcess): Promise<T> {
  const end = await program.ended;
  const line = program.stdout.trim().split('\n').at(-1) ?? '';
  if (end !== 0) throw new Error(`${program.file} ended with ${String(end)}: ${program.stderr.trim()}`);
  return JSON.parse(line) as T;
}
