import path from 'node:path';
import { findOnPath, isExecutable } from '../../src/temporal/environment';
import { buildWithGo } from '../../src/temporal/go-build';
import type { InstallContext } from '../../src/temporal/install-once';
import { installOnce } from '../../src/temporal/install-once';
import { JAEGER_MODULE, jaegerBinary, jaegerVersion } from './jaeger-binary';

const PACKAGE = 'github.com/jaegertracing/jaeger/cmd/jaeger';

/**
 * Builds Jaeger into the project's cache, once for all checkouts (some minutes on two cores), and prints where it
 * is: the tracing backend that the tests ask.
 *
 * With `--if-possible` a failure is told and forgiven: `npm test` goes on, and only the tests that need it fail.
 */
async function installJaeger(): Promise<void> {
  const context = {
    environment: process.env,
    say: (line: string) => process.stderr.write(`Jaeger: ${line}\n`),
  };
  const binary = jaegerBinary(context.environment);
  if (await isExecutable(binary)) {
    context.say('cached');
  } else {
    context.say(`not in ${path.dirname(binary)}: building ${jaegerVersion()}, once`);
    await installOnce(binary, context, (work) => build(work, context));
  }
  process.stdout.write(`${binary}\n`);
}

async function build(work: string, context: InstallContext): Promise<string> {
  const go = await findOnPath(context.environment, 'go');
  if (go === undefined) {
    throw new Error(
      'Jaeger is built from source and there is no `go` on PATH: install Go (https://go.dev/dl)',
    );
  }
  const binary = path.join(work, 'jaeger');
  return buildWithGo(
    {
      go,
      args: ['build', '-C', JAEGER_MODULE, '-mod=readonly', '-v', '-o', binary, PACKAGE],
      // A workspace file above this checkout would bring other requirements in.
      variables: { GOWORK: 'off' },
      binary,
    },
    context,
  );
}

installJaeger().catch((error: unknown) => {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = process.argv.includes('--if-possible') ? 0 : 1;
});
