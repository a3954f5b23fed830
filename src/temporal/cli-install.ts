import path from 'node:path';
import { TEMPORAL_CLI_VERSION, TemporalCliError } from './cli-release';
import { findOnPath } from './environment';
import { buildWithGo } from './go-build';
import type { InstallContext } from './install-once';

/** Puts the CLI of {@link TEMPORAL_CLI_VERSION} somewhere into `directory` and says where. */
export type Downloader = (directory: string, context: InstallContext) => Promise<string>;

interface InstallOptions extends InstallContext {
  readonly download: Downloader;
}

/**
 * Puts the CLI somewhere into `work` and says where: downloaded, or else built (2.5 to 4 minutes on two cores).
 *
 * @throws {@link TemporalCliError} with the output of what failed, and the remedies.
 */
export async function obtainTemporalCli(work: string, options: InstallOptions): Promise<string> {
  const reasons: string[] = [];
  options.say('downloading');
  try {
    return await options.download(work, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    const reason = `download: ${(error as Error).message}`;
    options.say(reason);
    reasons.push(reason);
  }
  const go = await findOnPath(options.environment, 'go');
  if (go === undefined) {
    reasons.push('build: there is no `go` on PATH');
  } else {
    try {
      return await buildWithGo(
        {
          go,
          args: ['install', '-v', `github.com/temporalio/cli/cmd/temporal@${TEMPORAL_CLI_VERSION}`],
          variables: { GOBIN: work },
          binary: path.join(work, 'temporal'),
        },
        options,
      );
    } catch (error) {
      options.signal?.throwIfAborted();
      reasons.push(`build: ${(error as Error).message}`);
    }
  }
  throw new TemporalCliError(
    [
      `there is no Temporal CLI ${TEMPORAL_CLI_VERSION}, and it could not be had:`,
      ...reasons.map((reason) => `  - ${reason}`),
      'Any one of these helps:',
      '  1. set TEMPORAL_ADDRESS to a Temporal server that runs already;',
      '  2. install the Temporal CLI (https://docs.temporal.io/cli), on PATH or named by TEMPORAL_CLI_PATH;',
      '  3. install Go (https://go.dev/dl), or allow access to https://temporal.download, and run this again.',
    ].join('\n'),
  );
}
