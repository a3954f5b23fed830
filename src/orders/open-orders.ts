import { Client } from '@temporalio/client';
import type { Config, ServiceName } from '../config/config';
import { StartTracing } from '../telemetry/client-interceptor';
import type { Telemetry } from '../telemetry/telemetry';
import { connectTemporal } from '../temporal/connection';
import type { TemporalConnection } from '../temporal/connection';
import { auditOrders } from './audit/audit';
import type { AuditReport } from './audit/report';
import { OrderClient } from './order-client';
import type { ServiceSource } from './service-reader';

/** Everything that can be done with orders, over one connection to Temporal. */
export interface Orders {
  readonly client: Client;
  readonly orders: OrderClient;
  readonly temporal: TemporalConnection;
  /** See {@link auditOrders}. */
  audit(): Promise<AuditReport>;
  close(): Promise<void>;
}

/** Longest wait for one answer of a service, ms. */
const SERVICE_TIMEOUT_MS = 5_000;

/**
 * Connects to Temporal as the configuration and environment say.
 *
 * @throws TemporalUnreachableError within seconds, with the remedy.
 */
export async function openOrders(config: Config, { tracer }: Pick<Telemetry, 'tracer'>): Promise<Orders> {
  const temporal = await connectTemporal(config);
  const { connection, namespace } = temporal;
  const client = new Client({
    connection,
    namespace,
    interceptors: { workflow: [new StartTracing({ tracer })] },
  });
  const source = (name: ServiceName): ServiceSource => ({
    name,
    url: config.services[name].url,
    tracer,
    timeoutMs: SERVICE_TIMEOUT_MS,
  });
  const sources = {
    order: source('order'),
    inventory: source('inventory'),
    payment: source('payment'),
    shipping: source('shipping'),
  };
  const orders = new OrderClient({ client, inventory: sources.inventory, policies: config.policies });
  return {
    client,
    orders,
    temporal,
    audit: () => auditOrders({ client, orders, sources }),
    close: () => connection.close(),
  };
}
