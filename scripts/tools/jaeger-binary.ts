import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Environment } from '../../src/temporal/environment';
import { cacheDirectory } from '../../src/temporal/environment';

/** The Go module that pins Jaeger and everything it is built from. */
export const JAEGER_MODULE = path.join(__dirname, 'jaeger');

/** The command that puts a binary at {@link jaegerBinary}. */
export const INSTALL_JAEGER = 'npm run tools:jaeger';

/** The release that the Go module requires. */
export function jaegerVersion(): string {
  const requirements = readFileSync(path.join(JAEGER_MODULE, 'go.mod'), 'utf8');
  const version = /\sgithub\.com\/jaegertracing\/jaeger (v\S+)/.exec(requirements)?.[1];
  if (version === undefined) throw new Error(`${JAEGER_MODULE}/go.mod requires no Jaeger`);
  return version;
}

/** Where this project keeps its Jaeger, whether it is there or not. */
export function jaegerBinary(environment: Environment): string {
  return path.join(cacheDirectory(environment), `jaeger-${jaegerVersion()}`, 'jaeger');
}
