import { trace } from '@opentelemetry/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { OrderView } from '../domain/order';
import { toMajorUnits } from '../domain/money';
import type { OrderSummary } from '../orders/order-summary';
import { ATTR } from '../telemetry/semconv';
import type { Caller, Scope } from './auth';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sent it; set before any handler runs. */
    caller: Caller;
  }
  interface FastifyReply {
    /** Trace of the order that is answered about; goes out as `x-trace-id`. */
    orderTraceId: string | undefined;
  }
  interface FastifyContextConfig {
    /** What the caller must be allowed; none: the route is open to everybody. */
    scope?: Scope;
  }
}

/** Says on the request's SERVER span, and in `x-trace-id`, which order it is about. */
export function aboutOrder(reply: FastifyReply, order: OrderView | OrderSummary): void {
  reply.orderTraceId = order.traceId;
  const { amount } = order;
  trace.getActiveSpan()?.setAttributes({
    [ATTR.orderId]: order.orderId,
    [ATTR.orderStatus]: order.status,
    ...(amount !== undefined && { [ATTR.orderAmount]: toMajorUnits(amount) }),
  });
}

/** Who does something that is put on record: the token's subject, or without tokens the name in the request. */
export function actorOf({ caller }: FastifyRequest, by: string | undefined): string {
  return caller.subject ?? by ?? 'the customer';
}
