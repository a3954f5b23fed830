import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { DevServerError } from './dev-server-error';
import type { GuardedChild } from './guarded-child';
import { ensureSearchAttributes, SearchAttributeError } from './search-attributes';

/** How long a server may take to answer, ms: about a third of a second on an idle machine. */
const START_LIMIT_MS = 60_000;
const ATTEMPT_MS = 1_000;
const POLL_MS = 100;
/** How long a server that answers may take to say so itself, ms. */
const SAYS_SO_LIMIT_MS = 2_000;
const SAYS_SO = /\bServer:\s/;
const LOG_LINES = 15;

/**
 * Returns once the server that `child` is answers at `address`, for its namespace and its search attributes.
 *
 * @throws {@link DevServerError} with the end of its log when it ends, or does not answer within a minute.
 * @throws {@link SearchAttributeError} when what it keeps has other search attributes.
 */
export async function untilAnswering(child: GuardedChild, address: string, namespace: string): Promise<void> {
  const state = { ended: false };
  const early = child.ended.then(() => {
    state.ended = true;
    throw serverError('did not start', child);
  });
  const answering = (async () => {
    const giveUpAt = Date.now() + START_LIMIT_MS;
    for (;;) {
      try {
        await tryOnce(address, namespace);
        break;
      } catch (error) {
        // The other promise tells why.
        if (state.ended) return;
        if (error instanceof SearchAttributeError) throw error;
        if (Date.now() >= giveUpAt) {
          throw serverError(`does not answer at ${address} (${(error as Error).message})`, child);
        }
        await sleep(POLL_MS);
      }
    }
    // What answers may be somebody else's server that took the port meanwhile, while this one is about to give
    // up. This one says that it listens; other releases of it may have other words.
    const settledAt = Date.now() + SAYS_SO_LIMIT_MS;
    while (!state.ended && Date.now() < settledAt && !child.outputTail().some((line) => SAYS_SO.test(line))) {
      await sleep(POLL_MS);
    }
  })();
  try {
    await Promise.race([early, answering.then(() => (state.ended ? early : undefined))]);
  } finally {
    // Whichever lost the race has no listener left.
    for (const lost of [answering, early]) lost.catch(() => undefined);
  }
}

async function tryOnce(address: string, namespace: string): Promise<void> {
  const connection = Connection.lazy({
    address,
    connectTimeout: ATTEMPT_MS,
    // It refuses connections while it starts; gRPC's own pace of trying again is a second and more.
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': POLL_MS, 'grpc.max_reconnect_backoff_ms': POLL_MS },
  });
  try {
    await connection.ensureConnected();
    await connection.workflowService.describeNamespace({ namespace });
    await ensureSearchAttributes(connection, namespace);
  } finally {
    await connection.close();
  }
}

/** The error of a server, with what its log says about the cause: a panic, or else its end. */
export function serverError(what: string, child: GuardedChild): DevServerError {
  const output = child.outputTail();
  const panic = output.findLastIndex((line) => line.startsWith('panic:'));
  const log = panic === -1 ? output.slice(-LOG_LINES) : output.slice(panic, panic + LOG_LINES);
  const told = log.length === 0 ? '; it logged nothing' : '; its log ends with:';
  return new DevServerError(`the Temporal server ${what}${told}`, log);
}
