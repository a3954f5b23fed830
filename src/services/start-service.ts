import type { Config, ServiceName } from '../config/config';
import { ConfigError } from '../config/config';
import type { RunningPart } from '../stack/part';
import type { Telemetry } from '../telemetry/telemetry';
import { errorCode } from './error-code';
import { buildInventoryApp } from './inventory/app';
import { buildOrderApp } from './order/app';
import { buildPaymentApp } from './payment/app';
import type { ServiceApp, ServiceDeps } from './service-app';
import { buildShippingApp } from './shipping/app';

const BUILDERS: Readonly<Record<ServiceName, (deps: ServiceDeps) => Promise<ServiceApp>>> = {
  order: buildOrderApp,
  inventory: buildInventoryApp,
  payment: buildPaymentApp,
  shipping: buildShippingApp,
};

/**
 * One service, listening and ready; `stop` answers what has arrived, then closes the database. The telemetry stays
 * the caller's to shut down.
 *
 * @throws {@link ConfigError} naming the variable when the port, HOST, DATA_DIR or DATABASE_URL cannot be used.
 */
export async function startService(
  name: ServiceName,
  deps: { readonly config: Config; readonly telemetry: Telemetry },
): Promise<RunningPart> {
  const { host, services } = deps.config;
  const { port } = services[name];
  const app = await BUILDERS[name](deps);
  try {
    const address = await app.listen({ host, port });
    return { name, address, stop: () => app.close() };
  } catch (error) {
    await app.close();
    throw cannotListen(error, `${name.toUpperCase()}_SERVICE_PORT`, host, port);
  }
}

function cannotListen(error: unknown, variable: string, host: string, port: number): unknown {
  switch (errorCode(error)) {
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
