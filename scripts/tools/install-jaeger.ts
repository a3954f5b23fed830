import path from 'node:path';
import { findOnPath, isExecutable } from '../../src/temporal/environment';
import { buildWithGo } from '../../src/temporal/go-build';
import type { InstallContext } from '../../src/temporal/install-once';
import { installOnce } from '../../src/temporal/install-once';
import { JAEGER_MODULE, jaegerBinary, jaegerVersion } from './jaeger-binary';
import { runInstaller } from './run-installer';

const PACKAGE = 'github.com/jaegertracing/jaeger/cmd/jaeger';

/** Builds Jaeger into the project's cache, once for all checkouts (some minutes on two cores): the tracing backend that the tests ask. */
async function installJaeger(context: InstallContext): Promise<string> {
  const binary = jaegerBinary(context.environment);
  if (await isExecutable(binary)) {
    context.say('cached');
  } else {
    context.say(`not in ${path.dirname(binary)}: building ${jaegerVersion()}, once`);
    await installOnce(binary, context, (work) => build(work, context));
  }
  return binary;
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

runInstaller('Jaeger', installJaeger);
