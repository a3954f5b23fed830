import { trace } from '@opentelemetry/api';
import type { Tracer } from '@opentelemetry/api';
import { openOrders } from '../orders/open-orders';
import type { Orders } from '../orders/open-orders';
import type { CommandContext } from './context';

export interface SessionOptions {
  /** Makes the spans of what is started. @default none are made */
  readonly tracer?: Tracer;
  /** Whether the search attributes are needed. @default false */
  readonly search?: boolean;
}

/**
 * Runs `work` with a connection to Temporal, closed afterwards.
 *
 * @throws `TemporalUnreachableError` within seconds when there is no server.
 */
export async function withSession<T>(
  { config, io }: CommandContext,
  { tracer = noTracer(), search = false }: SessionOptions,
  work: (session: Orders) => Promise<T>,
): Promise<T> {
  const session = await openOrders(config, { tracer }, { environment: io.env, searchAttributes: search });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** Its spans go nowhere. */
export function noTracer(): Tracer {
  return trace.getTracer('orders');
}
