import { rm } from 'node:fs/promises';
import path from 'node:path';
import { findOnPath, isExecutable } from '../../src/temporal/environment';
import { spawnGuarded } from '../../src/temporal/guarded-child';
import type { InstallContext } from '../../src/temporal/install-once';
import { installOnce } from '../../src/temporal/install-once';
import { runInstaller } from './run-installer';
import {
  pythonOf,
  SCHEMATHESIS_REQUIREMENTS,
  schemathesisEnvironment,
  schemathesisVersion,
} from './schemathesis-environment';

const REMEDY = 'install Python 3.11 or newer with its venv module (Debian: apt-get install python3-venv)';
/** Exits 0 where a virtual environment can be made; Debian has `venv`, but not its `ensurepip`, without a package. */
const CAN_MAKE_VENV = 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))';

/** Installs schemathesis into the project's cache, once for all checkouts: the client that fuzzes the gateway. */
async function installSchemathesis(context: InstallContext): Promise<string> {
  const venv = schemathesisEnvironment(context.environment);
  const isThere = () => isExecutable(pythonOf(venv));
  if (await isThere()) {
    context.say('cached');
  } else {
    context.say(`not in ${path.dirname(venv)}: installing ${schemathesisVersion()}, once`);
    await installOnce(venv, context, (work) => makeVenv(work, venv, context), isThere);
  }
  return venv;
}

async function makeVenv(work: string, target: string, context: InstallContext): Promise<string> {
  const python = await findOnPath(context.environment, 'python3');
  if (python === undefined) throw new Error(`There is no python3 on PATH: ${REMEDY}`);
  await run(python, ['-c', CAN_MAKE_VENV], context, `${python} cannot make a virtual environment: ${REMEDY}`);
  const venv = path.join(work, 'venv');
  await run(python, ['-m', 'venv', venv], context);
  await run(pythonOf(venv), ['-m', 'pip', 'install', '--requirement', SCHEMATHESIS_REQUIREMENTS], context);
  // One whose Python is gone: it could not be overwritten.
  await rm(target, { recursive: true, force: true });
  return venv;
}

/** @throws Error with `complaint`, or else the command, and the end of its output, when it fails. */
async function run(
  command: string,
  args: readonly string[],
  { environment, say }: InstallContext,
  complaint = `${command} ${args.join(' ')} failed`,
): Promise<void> {
  const child = await spawnGuarded(command, args, {
    environment: { ...environment, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_INPUT: '1' },
    onLine: (line) => {
      if (line.startsWith('Collecting ')) say(line.replace(/ \(.*/, ''));
    },
  });
  const { code } = await child.ended;
  if (code !== 0) throw new Error([complaint, ...child.outputTail().slice(-20)].join('\n      '));
}

runInstaller('schemathesis', installSchemathesis);
