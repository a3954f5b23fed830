import type { Config, ServiceName } from '../config/config';
import type { RunningPart } from '../stack/part';
import type { Telemetry } from '../telemetry/telemetry';
import { assertMayListen } from '../http/access';
import { listen } from '../http/listen';
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
 * @throws ConfigError naming the variable when the port, HOST, DATA_DIR or DATABASE_URL cannot be used, or when HOST would
 * let everybody call it.
 */
export async function startService(
  name: ServiceName,
  deps: { readonly config: Config; readonly telemetry: Telemetry },
): Promise<RunningPart> {
  const { host, services, serviceAccess } = deps.config;
  assertMayListen(serviceAccess, {
    host,
    remedy: 'set SERVICE_TOKEN, or SERVICE_INSECURE=1 when something in front of it authenticates',
  });
  const { port } = services[name];
  const app = await BUILDERS[name](deps);
  const address = await listen(app, { host, port, variable: `${name.toUpperCase()}_SERVICE_PORT` });
  return { name, address, stop: () => app.close() };
}
