import { findFreePort } from '../../src/temporal/ports';

/** Variables that an address is read from, and that no two stacks may share. */
const PORT_VARIABLES = [
  'GATEWAY_PORT',
  'ORDER_SERVICE_PORT',
  'INVENTORY_SERVICE_PORT',
  'PAYMENT_SERVICE_PORT',
  'SHIPPING_SERVICE_PORT',
  'METRICS_PORT',
  'DEV_SERVER_PORT',
] as const;

/**
 * The environment of a stack of the test's own: on `dataDir`, on ports that are free, with no server named, and
 * with the cached tools of this machine.
 */
export async function ownStackEnvironment(dataDir: string): Promise<Record<string, string>> {
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(TEMPORAL_(?!CLI_PATH)|OTEL_)/.test(entry[0]),
  );
  const ports: Record<string, string> = {};
  for (const variable of PORT_VARIABLES) {
    ports[variable] = String(await findFreePort('127.0.0.1'));
  }
  const bundle = process.env['TEST_WORKFLOW_BUNDLE'];
  return {
    ...Object.fromEntries(inherited),
    ...ports,
    ...(bundle !== undefined && { WORKFLOW_BUNDLE: bundle }),
    // Temporal's own configuration file of whoever runs the tests names no server here.
    XDG_CONFIG_HOME: dataDir,
    DATA_DIR: dataDir,
    LOG_LEVEL: 'error',
  };
}
