import { constants } from 'node:os';
import { describeFailure, exitCodeOf } from './failure';

/** Something that runs until it is stopped. */
export interface Running {
  /** Resolves with the reason when it cannot go on. */
  readonly failed?: Promise<Error>;
  stop(): Promise<void>;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * A terminal sends Ctrl-C to this process and to npm, and npm hands it on: what follows this closely, ms, is the
 * same wish and not impatience.
 */
const ECHO_MS = 500;

/** The reason that a start is given up for when the user asked for it. */
class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/**
 * Runs what `start` starts until SIGINT or SIGTERM, stops it, and ends the process: with 0 when it stopped as it
 * should, otherwise with the error's code, after telling it on stderr. A signal during the start gives the start
 * up (its `AbortSignal`); a second one, half a second later or more, ends the process at once.
 */
export async function runUntilSignal(
  start: (signal: AbortSignal) => Promise<Running>,
  say: (line: string) => void,
): Promise<never> {
  const abort = new AbortController();
  const asked = new Promise<void>((resolve) => {
    let firstAt: number | undefined;
    for (const name of SIGNALS) {
      process.on(name, () => {
        if (firstAt !== undefined) {
          if (performance.now() - firstAt < ECHO_MS) return;
          process.exit(128 + constants.signals[name]);
        }
        firstAt = performance.now();
        say(`${name}: stopping; once more to stop at once`);
        abort.abort(new Interrupted(name));
        resolve();
      });
    }
  });
  try {
    const running = await start(abort.signal);
    const failure = await Promise.race([asked, ...(running.failed === undefined ? [] : [running.failed])]);
    if (failure !== undefined) reportFailure(failure);
    await running.stop();
  } catch (error) {
    if (!(error instanceof Interrupted)) reportFailure(error);
  }
  // A part that fails by itself leaves its exit code here.
  process.exit(process.exitCode ?? 0);
}

/** Tells the error on stderr and makes its code this process's exit code. */
export function reportFailure(error: unknown): void {
  process.stderr.write(`error: ${describeFailure(error)}\n`);
  process.exitCode = exitCodeOf(error);
}
