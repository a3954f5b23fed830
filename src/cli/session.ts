import { trace } from '@opentelemetry/api';
import type { Tracer } from '@opentelemetry/api';
import { Client } from '@temporalio/client';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import type { Config } from '../config/config';
import { OrderClient } from '../orders/order-client';
import type { ServiceSource } from '../orders/service-reader';
import { connectTemporal } from '../temporal/connection';
import { ensureSearchAttributes } from '../temporal/search-attributes';
import type { CommandContext } from './context';

/** A command's connection to the system. */
export interface Session {
  readonly client: Client;
  readonly orders: OrderClient;
}

export interface SessionOptions {
  /** Makes the spans of what is started. @default none are made */
  readonly tracer?: Tracer;
  readonly interceptors?: readonly WorkflowClientInterceptor[];
  /** Whether search attributes are needed, which are registered when missing. @default false */
  readonly search?: boolean;
}

/**
 * Runs `work` with a connection to Temporal, closed afterwards.
 *
 * @throws `TemporalUnreachableError` within seconds when there is no server.
 */
export async function withSession<T>(
  { config, io }: CommandContext,
  options: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { connection, namespace } = await connectTemporal(config, { environment: io.env });
  try {
    if (options.search === true) await ensureSearchAttributes(connection, namespace);
    const client = new Client({
      connection,
      namespace,
      interceptors: { workflow: [...(options.interceptors ?? [])] },
    });
    const inventory = serviceSource(config, 'inventory', options.tracer);
    return await work({ client, orders: new OrderClient({ client, inventory, policies: config.policies }) });
  } finally {
    await connection.close();
  }
}

/** One of the services as something to read from. */
export function serviceSource(
  config: Config,
  name: keyof Config['services'],
  tracer: Tracer = trace.getTracer('orders'),
): ServiceSource {
  return { name, url: config.services[name].url, tracer };
}
