import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Config, ServiceName } from '../../config/config';
import { networkReason } from '../../orders/service-reader';
import type { Check } from './check';

/** Longest wait for one service, ms. */
const TIMEOUT_MS = 2_000;

/** Whether each service answers, and is ready for orders. */
export async function checkServices(config: Pick<Config, 'services'>): Promise<Check[]> {
  return Promise.all(
    (Object.keys(config.services) as ServiceName[]).map((name) =>
      checkService(name, config.services[name].url),
    ),
  );
}

async function checkService(name: ServiceName, url: string): Promise<Check> {
  const title = `${name} service`;
  const remedy =
    `start it with \`npm run dev\` or \`npm start -- ${name}\`, or set ` +
    `${name.toUpperCase()}_SERVICE_URL to where it is`;
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    // The body says nothing that the status does not; reading it frees the connection.
    await response.arrayBuffer();
    if (response.ok) return { name: title, ok: true, detail: `${url} is ready` };
    const detail = `${url} answers, but is not ready (${String(response.status)})`;
    const isOurs = response.status === 503;
    return { name: title, ok: false, detail, remedy: isOurs ? 'its log says what it lacks' : remedy };
  } catch (error) {
    const reason =
      error instanceof Error && error.name === 'TimeoutError' ? 'no answer in time' : networkReason(error);
    return { name: title, ok: false, detail: `${url} cannot be reached (${reason})`, remedy };
  }
}

/** Whether databases, traces and the running server's address can be kept. */
export async function checkDataDir(dataDir: string): Promise<Check> {
  const name = 'DATA_DIR';
  const fault = (what: string): Check => ({
    name,
    ok: false,
    detail: `${dataDir} ${what}`,
    remedy: 'set DATA_DIR to a directory that you may write to',
  });
  const existing = await nearestExisting(dataDir);
  try {
    if (!(await stat(existing)).isDirectory())
      return fault('is not a directory, or is below something that is none');
    await access(existing, constants.W_OK | constants.X_OK);
  } catch {
    return fault('is not writable');
  }
  return { name, ok: true, detail: existing === dataDir ? dataDir : `${dataDir} (made when it is needed)` };
}

async function nearestExisting(directory: string): Promise<string> {
  try {
    await stat(directory);
    return directory;
  } catch (error) {
    const parent = path.dirname(directory);
    if (parent === directory || (error as NodeJS.ErrnoException).code !== 'ENOENT') return directory;
    return nearestExisting(parent);
  }
}
