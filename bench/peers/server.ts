import { spawnGuarded } from '../../src/temporal/guarded-child';
import type { GuardedChildOptions } from '../../src/temporal/guarded-child';
import { eventually } from '../../test/support/eventually';
import { answers } from './http';

const STOP_LIMIT_MS = 10_000;

/** A peer's server, which never outlives this process. */
export interface Server {
  stop(): Promise<void>;
}

/**
 * Starts a server; returns once `healthUrl` answers.
 *
 * @throws Error with the end of its output when it ends before.
 */
export async function startServer(
  command: string,
  args: readonly string[],
  options: GuardedChildOptions,
  healthUrl: string,
): Promise<Server> {
  const child = await spawnGuarded(command, args, options);
  let ended = false;
  void child.ended.then(() => (ended = true));
  const stop = () => child.end(STOP_LIMIT_MS);
  try {
    await eventually(
      () => {
        if (ended) throw new Error([`${command} ended`, ...child.outputTail().slice(-10)].join('\n'));
        return answers(healthUrl);
      },
      (answered) => answered,
      `${healthUrl} answers`,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}
