import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Where free ports are looked for: below the ranges that systems take the ports of outgoing connections from (Linux:
 * from 32768, others and IANA: from 49152). One of those may be in use by the time that somebody listens on it.
 */
const LOWEST_PORT = 15_000;
const HIGHEST_PORT = 32_767;
const TRIES = 100;

/** Whether nothing listens on `port` of `host`. */
export function isPortFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(error);
    });
    server.listen({ host, port, exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

/** A port of `host` that nothing listens on at this moment, and that no outgoing connection will be given. */
export async function findFreePort(host: string): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT + 1);
    if (await isPortFree(host, port)) return port;
  }
  throw new Error(
    `there is no free port on ${host} between ${String(LOWEST_PORT)} and ${String(HIGHEST_PORT)}`,
  );
}
