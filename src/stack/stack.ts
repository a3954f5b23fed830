import type { Config } from '../config/config';
import { connectTemporal, isTemporalNamed } from '../temporal/connection';
import { startDevServer, type DevServer } from '../temporal/dev-server';
import type { RunningPart } from './part';
import { PART_NAMES, startPart } from './start-part';

export interface StackOptions {
  readonly config: Config;
  /** Called when a part answers. */
  readonly onReady: (part: { readonly name: string; readonly address: string }) => void;
  /** Called with one line for each thing worth knowing meanwhile. */
  readonly onProgress: (line: string) => void;
  /** Start a Temporal server unless the user named one; otherwise one must be running. */
  readonly withServer: boolean;
  /** Keep workflows under DATA_DIR across restarts of the server that is started. */
  readonly persistent: boolean;
  /** Gives up, ending what was started. */
  readonly signal?: AbortSignal;
}

/** The whole system in this process, but for the Temporal server. */
export interface Stack {
  readonly parts: readonly RunningPart[];
  readonly temporal: { readonly address: string; readonly uiUrl: string | undefined };
  /** Resolves with the reason when the stack cannot go on. */
  readonly failed: Promise<Error>;
  /** Drains the worker, then stops the services, then the server; every one of them, also when one fails. */
  stop(): Promise<void>;
}

interface Stoppable {
  readonly name: string;
  stop(): Promise<void>;
}

/**
 * Temporal, the services and the worker, all answering. When one does not start, those that did are stopped.
 *
 * @throws what the part that did not start threw.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { config, onReady, signal } = options;
  const running: Stoppable[] = [];
  const parts: RunningPart[] = [];
  const stop = (): Promise<void> => stopAll(running);
  try {
    const temporal = await provideTemporal(options);
    if (temporal.server !== undefined) running.unshift({ name: 'temporal', stop: temporal.server.stop });
    onReady({ name: 'temporal', address: `${temporal.address} (${temporal.origin})` });
    for (const name of PART_NAMES) {
      signal?.throwIfAborted();
      const part = await startPart(name, { config });
      running.unshift(part);
      parts.push(part);
      onReady(part);
    }
    signal?.throwIfAborted();
    return {
      parts,
      temporal: { address: temporal.address, uiUrl: temporal.server?.uiUrl },
      failed: temporal.server?.failed ?? new Promise<never>(() => undefined),
      stop,
    };
  } catch (error) {
    await stop().catch((stopError: unknown) => {
      options.onProgress(`stopping what had started: ${String(stopError)}`);
    });
    throw error;
  }
}

interface ProvidedTemporal {
  readonly address: string;
  /** For people. */
  readonly origin: string;
  /** Only when it was started here. */
  readonly server?: DevServer;
}

async function provideTemporal(options: StackOptions): Promise<ProvidedTemporal> {
  const { config, onProgress, withServer, persistent, signal } = options;
  if (!withServer || isTemporalNamed()) {
    const { address, source, namespace, connection } = await connectTemporal(config);
    await connection.close();
    return { address, origin: `not started here: ${source}, namespace ${namespace}` };
  }
  const server = await startDevServer({ config, onProgress, persistent, ...(signal && { signal }) });
  const origin = persistent ? `kept in ${config.dataDir}` : 'in memory';
  return { address: server.address, origin, server };
}

/** Stops one after the other, newest first, each only once. */
async function stopAll(running: Stoppable[]): Promise<void> {
  const errors: Error[] = [];
  for (let part = running.shift(); part !== undefined; part = running.shift()) {
    try {
      await part.stop();
    } catch (error) {
      errors.push(new Error(`${part.name} did not stop: ${(error as Error).message}`, { cause: error }));
    }
  }
  const [first, ...others] = errors;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  throw new AggregateError(errors, errors.map(({ message }) => message).join('; '));
}
