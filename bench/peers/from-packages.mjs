import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';

/** A peer's library, from where `PEER_PACKAGES` says that it is installed: this project does not depend on it. */
export function fromPackages(name) {
  return createRequire(path.join(process.env.PEER_PACKAGES, 'package.json'))(name);
}
