import type { Tracer } from '@opentelemetry/api';
import { Client } from '@temporalio/client';
import type { Config, ServiceName } from '../config/config';
import { StartTracing } from '../telemetry/client-interceptor';
import type { Telemetry } from '../telemetry/telemetry';
import { connectTemporal } from '../temporal/connection';
import { dataConverterOf } from '../temporal/data-converter';
import type { TemporalConnection } from '../temporal/connection';
import { ensureSearchAttributes } from '../temporal/search-attributes';
import { auditOrders } from './audit/audit';
import type { BookSources } from './audit/books';
import type { AuditReport } from './audit/report';
import { OrderClient } from './order-client';
import type { ServiceSource } from './service-reader';

/** Everything that can be done with orders, over one connection to Temporal. */
export interface Orders {
  readonly client: Client;
  readonly orders: OrderClient;
  readonly temporal: TemporalConnection;
  /** See {@link auditOrders}. */
  readonly audit: () => Promise<AuditReport>;
  readonly close: () => Promise<void>;
}

/** Longest wait for one page of a service's books, ms: an audit is in no hurry, and a service may be busy. */
const BOOKS_TIMEOUT_MS = 30_000;

/** One of the services as something to read from. */
export function serviceSource(config: Config, name: ServiceName, tracer: Tracer): ServiceSource {
  return { name, url: config.services[name].url, tracer, tokens: config.serviceAccess.tokens };
}

/** The four services as those whose books are read. */
export function bookSources(config: Config, tracer: Tracer): BookSources {
  const book = (name: ServiceName) => ({
    ...serviceSource(config, name, tracer),
    timeoutMs: BOOKS_TIMEOUT_MS,
  });
  return {
    order: book('order'),
    inventory: book('inventory'),
    payment: book('payment'),
    shipping: book('shipping'),
  };
}

export interface OpenOrdersOptions {
  /** Where `TEMPORAL_*` are looked up. @default process.env */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /**
   * Whether the search attributes, which starting and listing need, are registered when missing.
   * @default true
   */
  readonly searchAttributes?: boolean;
  /** Longest wait for one answer of Temporal, a worker or the catalogue, ms. @default 5000 */
  readonly requestTimeoutMs?: number;
}

/**
 * Connects to Temporal as the configuration and environment say.
 *
 * @throws TemporalUnreachableError within seconds, with the remedy.
 * @throws SearchAttributeError when they are missing and may not be registered.
 */
export async function openOrders(
  config: Config,
  { tracer }: Pick<Telemetry, 'tracer'>,
  { environment = process.env, searchAttributes = true, requestTimeoutMs = 5_000 }: OpenOrdersOptions = {},
): Promise<Orders> {
  const temporal = await connectTemporal(config, { environment });
  const { connection, namespace } = temporal;
  if (searchAttributes) {
    try {
      await ensureSearchAttributes(connection, namespace);
    } catch (error) {
      await connection.close();
      throw error;
    }
  }
  const client = new Client({
    connection,
    namespace,
    dataConverter: dataConverterOf(config),
    interceptors: { workflow: [new StartTracing({ tracer })] },
  });
  const sources = bookSources(config, tracer);
  const inventory = { ...serviceSource(config, 'inventory', tracer), timeoutMs: requestTimeoutMs };
  const orders = new OrderClient({ client, inventory, policies: config.policies, requestTimeoutMs });
  return {
    client,
    orders,
    temporal,
    audit: () => auditOrders({ client, orders, sources }),
    close: () => connection.close(),
  };
}
