import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Environment } from '../../src/temporal/environment';
import { cacheDirectory } from '../../src/temporal/environment';

/** Pins schemathesis and everything that it is installed with. */
export const SCHEMATHESIS_REQUIREMENTS = path.join(__dirname, 'schemathesis', 'requirements.txt');

/** The command that makes {@link schemathesisEnvironment}. */
export const INSTALL_SCHEMATHESIS = 'npm run tools:schemathesis';

/** The release that is required. */
export function schemathesisVersion(): string {
  const version = /^schemathesis==(\S+)$/m.exec(readFileSync(SCHEMATHESIS_REQUIREMENTS, 'utf8'))?.[1];
  if (version === undefined) throw new Error(`${SCHEMATHESIS_REQUIREMENTS} requires no schemathesis`);
  return version;
}

/** The Python environment in which this project keeps its schemathesis, whether it is there or not. */
export function schemathesisEnvironment(environment: Environment): string {
  return path.join(cacheDirectory(environment), `schemathesis-${schemathesisVersion()}`, 'venv');
}

/** The Python of such an environment. Its other commands know no place but the one that they were made in. */
export function pythonOf(venv: string): string {
  return path.join(venv, 'bin', 'python');
}
