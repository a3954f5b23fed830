import path from 'node:path';
import { TEMPORAL_CLI_VERSION } from './cli-release';
import type { InstallContext } from './cli-install';
import { isExecutable } from './environment';
import { endOnAbort, spawnGuarded } from './guarded-child';

const REPORT_MS = 5_000;

/** `go install -v` names each package as it compiles it, on a line of its own. */
const PACKAGE_LINE = /^[\w.~-]+(\/[\w.~-]+)*$/;
const DOWNLOAD_LINE = 'go: downloading ';

/**
 * Builds the CLI with `go install` into `directory` (2.5 to 4 minutes on two cores) and says where it is.
 *
 * @throws Error with the end of go's output when the build fails.
 */
export async function buildWithGo(
  go: string,
  directory: string,
  { environment, say, signal }: InstallContext,
): Promise<string> {
  const target = `github.com/temporalio/cli/cmd/temporal@${TEMPORAL_CLI_VERSION}`;
  const startedAt = Date.now();
  let downloaded = 0;
  let compiled = 0;
  const complaints: string[] = [];
  const report = (): void => {
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    say(
      `building with go, ${String(seconds)} s (${String(downloaded)} modules downloaded, ${String(compiled)} packages compiled)`,
    );
  };

  say(`building with ${go} install ${target}; this takes some minutes, once`);
  const child = await spawnGuarded(go, ['install', '-v', target], {
    environment: { ...environment, GOBIN: directory },
    onLine: (line) => {
      if (line.startsWith(DOWNLOAD_LINE)) downloaded += 1;
      else if (PACKAGE_LINE.test(line)) compiled += 1;
      else complaints.push(line);
    },
  });
  const reporter = setInterval(report, REPORT_MS);
  const dispose = endOnAbort(child, signal);
  const end = await child.ended;
  dispose();
  clearInterval(reporter);
  signal?.throwIfAborted();

  const binary = path.join(directory, 'temporal');
  if (end.code === 0 && (await isExecutable(binary))) {
    report();
    return binary;
  }
  const how = end.signal === null ? `exit code ${String(end.code)}` : `ended by ${end.signal}`;
  const output = (complaints.length > 0 ? complaints : child.outputTail()).slice(-20);
  throw new Error(
    [`go install ${target} failed (${how})`, ...output.map((line) => `      ${line}`)].join('\n'),
  );
}
