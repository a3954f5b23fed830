import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { loadConfig } from '../config/config';
import type { Config } from '../config/config';
import { findFreePort } from '../temporal/ports';

/** A configuration that disturbs nobody: an empty DATA_DIR and ports that were free a moment ago. */
export interface PrivateConfig {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string>>;
  /** Deletes the DATA_DIR. */
  readonly remove: () => Promise<void>;
}

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
 * A stack of its own beside whatever runs on this machine.
 *
 * @param settings more of the environment; overrides what is chosen here.
 */
export async function privateConfig(settings: Readonly<Record<string, string>> = {}): Promise<PrivateConfig> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'durable-orders-'));
  const ports = new Set<number>();
  while (ports.size < PORT_VARIABLES.length) ports.add(await findFreePort('127.0.0.1'));
  const environment: Record<string, string> = { DATA_DIR: dataDir, LOG_LEVEL: 'warn' };
  for (const [index, port] of [...ports].entries()) environment[PORT_VARIABLES[index] ?? ''] = String(port);
  Object.assign(environment, settings);
  return {
    config: loadConfig({ ...process.env, ...environment }),
    environment,
    remove: () => rm(dataDir, { recursive: true, force: true }),
  };
}
