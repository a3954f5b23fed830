import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import type { BearerTokens } from '../../config/bearer-tokens';
import type { Config, ServiceName } from '../../config/config';
import { SERVICE_TOKEN_REMEDY } from '../../orders/errors';
import { networkReason } from '../../orders/service-reader';
import type { Check } from './check';

/** Longest wait for one service, ms. */
const TIMEOUT_MS = 2_000;

/** Whether each service answers, is ready for orders, and knows us: as SERVICE_TOKEN says, and nobody else. */
export async function checkServices(config: Pick<Config, 'services' | 'serviceAccess'>): Promise<Check[]> {
  return Promise.all(
    (Object.keys(config.services) as ServiceName[]).map((name) =>
      checkService(name, config.services[name].url, config.serviceAccess.tokens),
    ),
  );
}

async function checkService(
  name: ServiceName,
  url: string,
  tokens: BearerTokens | undefined,
): Promise<Check> {
  const title = `${name} service`;
  const remedy =
    `start it with \`npm run dev\` or \`npm start -- ${name}\`, or set ` +
    `${name.toUpperCase()}_SERVICE_URL to where it is`;
  try {
    const ready = await statusOf(`${url}/readyz`);
    if (ready !== 200) {
      const detail = `${url} answers, but is not ready (${String(ready)})`;
      const isOurs = ready === 503;
      return { name: title, ok: false, detail, remedy: isOurs ? 'its log says what it lacks' : remedy };
    }
    const fault = await accessFault(url, tokens);
    return fault === undefined
      ? { name: title, ok: true, detail: `${url} is ready` }
      : { name: title, ok: false, ...fault };
  } catch (error) {
    const reason =
      error instanceof Error && error.name === 'TimeoutError' ? 'no answer in time' : networkReason(error);
    return { name: title, ok: false, detail: `${url} cannot be reached (${reason})`, remedy };
  }
}

/** What is wrong with whom the service lets in. */
async function accessFault(
  url: string,
  tokens: BearerTokens | undefined,
): Promise<Pick<Check, 'detail' | 'remedy'> | undefined> {
  const books = `${url}/books?limit=1`;
  const status = await statusOf(books, tokens?.authorization);
  if (status === 401) {
    const detail = `${url} is ready, but refuses ${tokens === undefined ? 'calls without SERVICE_TOKEN' : 'our SERVICE_TOKEN'}`;
    return { detail, remedy: SERVICE_TOKEN_REMEDY };
  }
  if (status !== 200) {
    const detail = `${url} is ready, but answers ${String(status)} to who asks for its books`;
    return { detail, remedy: status === 421 ? SERVICE_TOKEN_REMEDY : 'its log says why' };
  }
  if (tokens === undefined || (await statusOf(books)) === 401) return undefined;
  return {
    detail: `${url} is ready, but takes calls without a token`,
    remedy: 'set SERVICE_TOKEN there as well, and start it again',
  };
}

async function statusOf(url: string, authorization?: string): Promise<number> {
  const response = await fetch(url, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(authorization !== undefined && { headers: { authorization } }),
  });
  // The body says nothing that the status does not; reading it frees the connection.
  await response.arrayBuffer();
  return response.status;
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
