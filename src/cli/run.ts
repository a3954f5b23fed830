import { CommanderError } from 'commander';
import { loadConfig } from '../config/config';
import { EXIT, failureOf } from './failure';
import type { ExitCode } from './failure';
import type { CliIo } from './output';
import { Output } from './output';
import { buildProgram } from './program';

/**
 * Runs one command line and returns its exit code; never throws, and never prints a stack for an error that its
 * user can understand.
 *
 * @param args what follows `orders`.
 */
export async function runCli(args: readonly string[], io: CliIo): Promise<ExitCode> {
  // Before parsing, because its errors have to be told as JSON too. What follows `--` is no option.
  const options = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  const output = new Output(io, options.includes('--json'));
  let exitCode: ExitCode = EXIT.done;
  try {
    const program = buildProgram(output, async (action) => {
      exitCode = await action({ io, output, config: loadConfig(io.env) });
    });
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return usage(error, output);
    const failure = failureOf(error);
    output.failure(failure);
    return failure.exitCode;
  }
  return exitCode;
}

/** Commander has told it already, but for JSON; asking for help is no error. */
function usage({ exitCode, message }: CommanderError, output: Output): ExitCode {
  if (exitCode === 0) return EXIT.done;
  if (output.json) {
    const text = message
      .replace(/^error: /, '')
      .replace('(outputHelp)', 'which command? `orders --help` lists them');
    output.failure({ exitCode: EXIT.invalid, code: 'usage', message: text });
  }
  return EXIT.invalid;
}
