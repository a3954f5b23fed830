import { ConfigError } from '../config/config';
import { TemporalCliError } from '../temporal/cli-release';
import { TemporalUnreachableError } from '../temporal/connection';
import { DataDirInUseError } from '../temporal/data-dir-claim';
import { DevServerError } from '../temporal/dev-server-error';
import { SearchAttributeError } from '../temporal/search-attributes';

/** Wrong arguments on the command line; the message says how it is used. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Errors of the world around, not of this program, and the exit code each ends a command with. */
const EXPECTED: readonly (readonly [new (...args: never[]) => Error, number])[] = [
  [UsageError, 2],
  [ConfigError, 2],
  [TemporalUnreachableError, 3],
  [TemporalCliError, 3],
  [DevServerError, 3],
  [SearchAttributeError, 3],
  [DataDirInUseError, 1],
];

/** 2: wrong usage or configuration; 3: Temporal cannot be reached or started; 1: anything else. */
export function exitCodeOf(error: unknown): number {
  return EXPECTED.find(([type]) => error instanceof type)?.[1] ?? 1;
}

/** What to show of `error`: its message when it is expected, with the stack when it is our own bug. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const expected = EXPECTED.some(([type]) => error instanceof type);
  return expected ? error.message : (error.stack ?? error.message);
}
