import { cp, access } from 'node:fs/promises';
import path from 'node:path';
import { cacheDirectory, findOnPath } from '../../src/temporal/environment';
import { spawnGuarded } from '../../src/temporal/guarded-child';
import { installOnce } from '../../src/temporal/install-once';
import type { InstallContext } from '../../src/temporal/install-once';

/** Where this project keeps a peer, whatever it is made of. */
export function peerDirectory({ environment }: InstallContext, peer: string, version: string): string {
  return path.join(cacheDirectory(environment), `peer-${peer}-${version}`);
}

/**
 * Installs what the lock file in `from` pins into the project's cache, once for all checkouts, without running anybody's
 * install scripts; returns the directory whose `node_modules` has it.
 */
export async function npmPackages(from: string, directory: string, context: InstallContext): Promise<string> {
  const target = path.join(directory, 'packages');
  const isThere = (place: string) =>
    access(path.join(place, 'node_modules', '.package-lock.json')).then(
      () => true,
      () => false,
    );
  if (await isThere(target)) return target;
  context.say(`not in ${directory}: installing it, once`);
  await installOnce(target, context, (work) => install(from, work, context), isThere);
  return target;
}

async function install(from: string, work: string, { environment }: InstallContext): Promise<string> {
  const npm = await findOnPath(environment, 'npm');
  if (npm === undefined) throw new Error('there is no `npm` on PATH');
  const packages = path.join(work, 'packages');
  for (const file of ['package.json', 'package-lock.json']) {
    await cp(path.join(from, file), path.join(packages, file));
  }
  const args = ['ci', '--prefix', packages, '--ignore-scripts', '--no-audit', '--no-fund'];
  const child = await spawnGuarded(npm, args, { environment });
  const { code } = await child.ended;
  if (code !== 0) throw new Error(['npm ci failed', ...child.outputTail().slice(-10)].join('\n'));
  return packages;
}
