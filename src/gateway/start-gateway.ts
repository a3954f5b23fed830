import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/config';
import { ConfigError } from '../config/config';
import { openDatabase, pingDatabase } from '../database/open-database';
import { listen } from '../http/listen';
import { isLoopback } from '../http/loopback';
import { openOrders, serviceSource } from '../orders/open-orders';
import { withinDeadline } from '../orders/temporal-calls';
import type { RunningPart } from '../stack/part';
import type { StartedTelemetry } from '../telemetry/telemetry';
import { readTrace } from '../telemetry/trace-store';
import { buildGatewayApp } from './app';
import { OrderArchive } from './intake/archive';
import { ArchiveSweep } from './intake/archive-sweep';
import { IdempotencyKeys } from './intake/idempotency-keys';
import { OrderIntake } from './intake/order-intake';
import { gatewayMigrations } from './intake/tables';
import type { GatewayTables } from './intake/tables';
import { OutcomeWaits } from './outcome-waits';

/** How often outcomes that nobody waited for are archived, ms: far below any retention time. */
const ARCHIVE_INTERVAL_MS = 60_000;

/**
 * The gateway, listening; `stop` turns /readyz red, answers who waits, then takes no more requests. The telemetry stays
 * the caller's to shut down.
 *
 * @throws ConfigError naming the variable when it cannot listen, or must not: beyond this machine only with
 * authentication. `TemporalUnreachableError` when no server answers at the start.
 */
export async function startGateway({
  config,
  telemetry,
}: {
  readonly config: Config;
  readonly telemetry: StartedTelemetry;
}): Promise<RunningPart> {
  assertMayListen(config.gateway);
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    const db = await openDatabase<GatewayTables>(config, {
      schema: 'gateway',
      migrations: gatewayMigrations,
      telemetry,
    });
    closers.push(() => db.destroy());
    const requestTimeoutMs = config.gateway.requestTimeoutMs;
    const session = await openOrders(config, telemetry, { requestTimeoutMs });
    closers.push(session.close);
    const { orders, temporal } = session;
    const archive = new OrderArchive(db);
    const sweep = new ArchiveSweep({
      archive,
      orders,
      logger: telemetry.logger,
      intervalMs: ARCHIVE_INTERVAL_MS,
    });
    closers.push(() => sweep.stop());
    const waits = new OutcomeWaits(orders);
    const draining = new AbortController();
    // Everybody who watches an order listens: many are no leak.
    setMaxListeners(0, draining.signal);

    const app = await buildGatewayApp({
      config,
      telemetry,
      orders,
      inventory: { ...serviceSource(config, 'inventory', telemetry.tracer), timeoutMs: requestTimeoutMs },
      intake: new OrderIntake({ orders, archive, keys: new IdempotencyKeys(db), logger: telemetry.logger }),
      archive,
      waits,
      traceOf: (traceId) => readTrace(config, traceId),
      draining: draining.signal,
      ready: async () => {
        if (draining.signal.aborted) throw new Error('The gateway is stopping');
        await Promise.all([
          pingDatabase(db),
          withinDeadline(temporal.connection, requestTimeoutMs, () =>
            temporal.connection.workflowService.getSystemInfo({}),
          ),
        ]);
      },
    });
    const { host, port, drainMs } = config.gateway;
    const address = await listen(app, { host, port, variable: 'GATEWAY_PORT' });
    return {
      name: 'gateway',
      address,
      stop: async () => {
        draining.abort();
        waits.drain();
        await sleep(drainMs);
        await app.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function assertMayListen({ host, auth, insecure }: Config['gateway']): void {
  if (auth !== undefined || insecure || isLoopback(host)) return;
  throw new ConfigError([
    `GATEWAY_HOST=${host}: without authentication the gateway listens on this machine alone; set GATEWAY_JWKS_URL or ` +
      'GATEWAY_JWT_SECRET, or GATEWAY_INSECURE=1 when something in front of it authenticates',
  ]);
}
