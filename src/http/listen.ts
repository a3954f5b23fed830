import { lookup } from 'node:dns/promises';
import { ConfigError } from '../config/config';
import { codeOf } from '../telemetry/error-type';
import type { HttpApp } from './http-app';

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** The environment variable that the port comes from. */
  readonly variable: string;
}

/**
 * Lets the app listen, and says on what URL; closes it when it cannot.
 *
 * @throws {@link ConfigError} naming the variable when port or HOST cannot be used.
 */
export async function listen(app: HttpApp, { host, port, variable }: ListenOptions): Promise<string> {
  try {
    // One address: for a name with several, Fastify opens servers that are out of our reach.
    const { address } = await lookup(host);
    return await app.listen({ host: address, port });
  } catch (error) {
    await app.close();
    throw cannotListen(error, variable, host, port);
  }
}

function cannotListen(error: unknown, variable: string, host: string, port: number): unknown {
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return new ConfigError([`${variable}=${String(port)}: the port is in use on ${host}; choose another`]);
    case 'EACCES':
      return new ConfigError([
        `${variable}=${String(port)}: this user may not listen on it; choose one above 1023`,
      ]);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ConfigError([`HOST=${host}: is no address of this machine`]);
    default:
      return error;
  }
}
