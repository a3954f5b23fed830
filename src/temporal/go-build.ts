import { isExecutable } from './environment';
import { endOnAbort, spawnGuarded } from './guarded-child';
import type { InstallContext } from './install-once';

/** One run of go that makes one binary. */
export interface GoBuild {
  /** The `go` to run. */
  readonly go: string;
  /** With `-v`, which is what the progress is read from. */
  readonly args: readonly string[];
  /** Variables on top of the context's. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Where it puts the binary. */
  readonly binary: string;
}

const REPORT_MS = 5_000;

/** `-v` names each package as go compiles it, on a line of its own. */
const PACKAGE_LINE = /^[\w.~-]+(\/[\w.~-]+)*$/;
const DOWNLOAD_LINE = 'go: downloading ';

/**
 * Makes the binary, which takes minutes the first time, and says where it is.
 *
 * @throws Error with the end of go's output when the build fails.
 */
export async function buildWithGo(
  { go, args, variables, binary }: GoBuild,
  { environment, say, signal }: InstallContext,
): Promise<string> {
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

  say(`building with ${go} ${args.join(' ')}; this takes some minutes, once`);
  const child = await spawnGuarded(go, args, {
    environment: { ...environment, ...variables },
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

  if (end.code === 0 && (await isExecutable(binary))) {
    report();
    return binary;
  }
  const how = end.signal === null ? `exit code ${String(end.code)}` : `ended by ${end.signal}`;
  const output = (complaints.length > 0 ? complaints : child.outputTail()).slice(-20);
  throw new Error(
    [`go ${args.join(' ')} failed (${how})`, ...output.map((line) => `      ${line}`)].join('\n'),
  );
}
