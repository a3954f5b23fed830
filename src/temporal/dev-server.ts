import path from 'node:path';
import type { Config } from '../config/config';
import { findTemporalCli } from './cli-binary';
import { claimDataDir } from './data-dir-claim';
import { serverError, untilAnswering } from './dev-server-readiness';
import { SEARCH_ATTRIBUTE_ARGUMENTS, TUNED_DISPATCH_ARGUMENTS } from './dev-server-options';
import type { Environment } from './environment';
import { endOnAbort, spawnGuarded, type GuardedChild } from './guarded-child';
import { findFreePort, isPortFree } from './ports';
import { commandLineOf, endProcess } from './processes';
import { readServerRecord, removeServerRecord, writeServerRecord } from './server-record';

export interface DevServerOptions {
  readonly config: Pick<Config, 'dataDir' | 'devServerPort'>;
  /** Called with one line for each thing worth knowing meanwhile. */
  readonly onProgress?: (line: string) => void;
  /** Keep workflows under DATA_DIR across restarts; otherwise they live in memory. */
  readonly persistent: boolean;
  /** Serve Temporal's web UI. @default true */
  readonly ui?: boolean;
  /** Default `process.env`. */
  readonly environment?: Environment;
  /** Gives up, ending what it started. */
  readonly signal?: AbortSignal;
}

/** A Temporal server of our own. */
export interface DevServer {
  /** `127.0.0.1:<port>`. */
  readonly address: string;
  readonly namespace: string;
  /** Where people look at workflows; `undefined` without a UI. */
  readonly uiUrl: string | undefined;
  readonly pid: number;
  /** Resolves with the reason when the server ends without having been stopped. */
  readonly failed: Promise<Error>;
  /** Returns once the server is gone, and DATA_DIR is free. */
  readonly stop: () => Promise<void>;
}

const HOST = '127.0.0.1';
const NAMESPACE = 'default';
const STOP_LIMIT_MS = 10_000;
const START_TRIES = 3;
const PORT_LOST = /address already in use|can't set (frontend|UI) port|can't use default UI port/i;

/**
 * Starts a Temporal server on loopback that answers, knows the search attributes, dispatches without the
 * default delays, and is found by others through DATA_DIR until it is stopped. It never outlives this process;
 * one that did nevertheless (a power cut of its guard, say) is ended by the next start on the same DATA_DIR.
 *
 * @throws `DevServerError` with the end of the server's log; `TemporalCliError`; `DataDirInUseError`;
 * `ConfigError` when DATA_DIR cannot be written.
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const { config, signal } = options;
  const say = (line: string): void => options.onProgress?.(line);
  const release = await claimDataDir(config.dataDir, { say, ...(signal && { signal }) });
  try {
    await endStaleServer(config.dataDir, say);
    const binary = await findTemporalCli({
      onProgress: say,
      ...(options.environment && { environment: options.environment }),
      ...(signal && { signal }),
    });
    const launched = await launch(binary, options, say);
    return await present(launched, config.dataDir, release);
  } catch (error) {
    await release();
    throw error;
  }
}

interface LaunchedServer {
  readonly child: GuardedChild;
  readonly address: string;
  readonly uiUrl: string | undefined;
}

/** Starts the server, again on another port when somebody took the chosen one meanwhile. */
async function launch(
  binary: string,
  options: DevServerOptions,
  say: (line: string) => void,
): Promise<LaunchedServer> {
  for (let attempt = 1; ; attempt += 1) {
    options.signal?.throwIfAborted();
    const { port, uiPort } = await choosePorts(options, say);
    const child = await spawnGuarded(binary, serverArguments(options, port, uiPort), {
      environment: withoutTemporalVariables(options.environment ?? process.env),
    });
    const dispose = endOnAbort(child, options.signal);
    const address = `${HOST}:${String(port)}`;
    try {
      await untilAnswering(child, address, NAMESPACE);
      return { child, address, uiUrl: uiPort === undefined ? undefined : `http://${HOST}:${String(uiPort)}` };
    } catch (error) {
      await child.end(STOP_LIMIT_MS);
      options.signal?.throwIfAborted();
      const lostPort = child.outputTail().some((line) => PORT_LOST.test(line));
      if (!lostPort || attempt === START_TRIES) throw error;
      say(`somebody took port ${String(port)} meanwhile, trying another`);
    } finally {
      dispose();
    }
  }
}

/** Makes the server known under DATA_DIR, and undoes that when it goes. */
async function present(
  { child, address, uiUrl }: LaunchedServer,
  dataDir: string,
  release: () => Promise<void>,
): Promise<DevServer> {
  try {
    await writeServerRecord(dataDir, {
      address,
      namespace: NAMESPACE,
      ...(uiUrl !== undefined && { uiUrl }),
      pid: child.pid,
      ownerPid: process.pid,
    });
  } catch (error) {
    await child.end(STOP_LIMIT_MS);
    throw error;
  }
  let stopped: Promise<void> | undefined;
  const failed = new Promise<Error>((resolve) => {
    void child.ended.then((end) => {
      if (stopped === undefined) {
        const how = end.signal ?? `exit code ${String(end.code)}`;
        resolve(serverError(`at ${address} ended by itself (${how})`, child));
      }
    });
  });
  const stop = async (): Promise<void> => {
    // Not known to anybody any more before it stops answering.
    await removeServerRecord(dataDir);
    await child.end(STOP_LIMIT_MS);
    await release();
  };
  return {
    address,
    namespace: NAMESPACE,
    uiUrl,
    pid: child.pid,
    failed,
    stop: () => (stopped ??= stop()),
  };
}

async function choosePorts(
  { config, ui = true }: DevServerOptions,
  say: (line: string) => void,
): Promise<{ port: number; uiPort: number | undefined }> {
  const wanted = config.devServerPort;
  let port = wanted;
  if (!(await isPortFree(HOST, wanted))) {
    port = await findFreePort(HOST);
    say(`port ${String(wanted)} (DEV_SERVER_PORT) is taken: the Temporal server gets ${String(port)}`);
  }
  if (!ui) return { port, uiPort: undefined };
  // Where people used to the Temporal CLI look for it.
  const customary = port + 1000;
  const usable = customary <= 65_535 && (await isPortFree(HOST, customary));
  return { port, uiPort: usable ? customary : await findFreePort(HOST) };
}

function serverArguments(
  { config, persistent }: DevServerOptions,
  port: number,
  uiPort: number | undefined,
): string[] {
  return [
    'server',
    'start-dev',
    ...['--ip', HOST, '--port', String(port)],
    ...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort)]),
    ...(persistent
      ? ['--db-filename', path.join(config.dataDir, 'temporal.sqlite'), ...ONE_SYNC_A_COMMIT]
      : []),
    ...['--log-level', 'warn'],
    ...TUNED_DISPATCH_ARGUMENTS,
    ...SEARCH_ATTRIBUTE_ARGUMENTS,
  ];
}

/** As durable as the rollback journal, SQLite's default, with a quarter of its syncs. */
const ONE_SYNC_A_COMMIT = ['journal_mode=wal', 'synchronous=full'].flatMap((pragma) => [
  '--sqlite-pragma',
  pragma,
]);

/** Ends a server that outlived its stack: it holds the database, and nobody would ever stop it. */
async function endStaleServer(dataDir: string, say: (line: string) => void): Promise<void> {
  const record = await readServerRecord(dataDir);
  if (record === undefined) return;
  const port = record.address.slice(record.address.lastIndexOf(':') + 1);
  const commandLine = await commandLineOf(record.pid);
  // The process id may be somebody else's by now.
  if (commandLine?.includes(`server start-dev --ip ${HOST} --port ${port} `)) {
    say(`ending the Temporal server that a killed stack left behind (process ${String(record.pid)})`);
    await endProcess(record.pid, STOP_LIMIT_MS);
  }
  await removeServerRecord(dataDir);
}

/** The user's `TEMPORAL_*` speak of another server; the CLI would read some of them. */
function withoutTemporalVariables(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('TEMPORAL_')));
}
