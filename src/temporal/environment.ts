import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The variable's value; an empty one counts as unset. */
export function variable(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  return value === '' ? undefined : value;
}

/** Whether `file` is a regular file that this process may execute. */
export async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

/** The first executable called `name` on the PATH of `environment`, absolute. */
export async function findOnPath(environment: Environment, name: string): Promise<string | undefined> {
  for (const directory of (environment['PATH'] ?? '').split(path.delimiter)) {
    if (directory === '') continue;
    const candidate = path.resolve(directory, name);
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
}

/**
 * Where this project keeps what is expensive to get again: `DURABLE_ORDERS_CACHE_DIR`, by default
 * `durable-orders` in the user's cache directory.
 */
export function cacheDirectory(environment: Environment): string {
  const own = variable(environment, 'DURABLE_ORDERS_CACHE_DIR');
  if (own !== undefined) return path.resolve(own);
  const userCache =
    variable(environment, 'XDG_CACHE_HOME') ??
    path.join(variable(environment, 'HOME') ?? os.homedir(), '.cache');
  return path.join(userCache, 'durable-orders');
}
