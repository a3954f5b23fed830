import path from 'node:path';
import { TEMPORAL_CLI_VERSION, TemporalCliError } from './cli-release';
import { obtainTemporalCli, type Downloader } from './cli-install';
import { downloadWithSdk } from './cli-download';
import { cacheDirectory, findOnPath, isExecutable, variable, type Environment } from './environment';
import { installOnce } from './install-once';

export interface FindTemporalCliOptions {
  /** Default `process.env`. */
  readonly environment?: Environment;
  /** Called with one line for each thing that is tried. */
  readonly onProgress?: (line: string) => void;
  /** How the binary is downloaded; default: as the Temporal SDK does it. */
  readonly download?: Downloader;
  /** Gives up, ending what it started. */
  readonly signal?: AbortSignal;
}

/**
 * The path of a Temporal CLI that can be executed, the first of: `TEMPORAL_CLI_PATH`; `temporal` on PATH; the
 * project's cache; the SDK's download, put into the cache; `go install` into the cache. Getting it happens
 * once, however many processes ask at the same time, and a half-made binary is never seen.
 *
 * @throws {@link TemporalCliError} naming the remedies when there is none, or when `TEMPORAL_CLI_PATH` is wrong.
 * @throws ConfigError naming `DURABLE_ORDERS_CACHE_DIR` when nothing can be kept there.
 */
export async function findTemporalCli(options: FindTemporalCliOptions = {}): Promise<string> {
  const environment = options.environment ?? process.env;
  const say = (line: string): void => options.onProgress?.(`Temporal CLI: ${line}`);

  const named = variable(environment, 'TEMPORAL_CLI_PATH');
  if (named !== undefined) {
    const file = path.resolve(named);
    // Somebody chose this binary: running another one instead would hide the mistake.
    if (!(await isExecutable(file))) {
      throw new TemporalCliError(`TEMPORAL_CLI_PATH=${named} is not a file that can be executed`);
    }
    say(`${file} (TEMPORAL_CLI_PATH)`);
    return file;
  }

  const onPath = await findOnPath(environment, 'temporal');
  if (onPath !== undefined) {
    say(`${onPath} (on PATH)`);
    return onPath;
  }

  const directory = path.join(cacheDirectory(environment), `temporal-cli-${TEMPORAL_CLI_VERSION}`);
  const cached = path.join(directory, 'temporal');
  if (await isExecutable(cached)) {
    say(`${cached} (cached)`);
    return cached;
  }

  say(`neither on PATH nor in ${directory}: getting ${TEMPORAL_CLI_VERSION}, once`);
  const context = {
    environment,
    say,
    download: options.download ?? downloadWithSdk,
    ...(options.signal && { signal: options.signal }),
  };
  await installOnce(cached, context, (work) => obtainTemporalCli(work, context));
  say(`${cached} (now cached)`);
  return cached;
}
