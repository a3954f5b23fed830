import { z } from 'zod';
import { orderRequestSchema } from '../../domain/order-schema';
import { ORDER_STATUSES } from '../../domain/order';
import type { HttpApp } from '../../http/http-app';
import { ProblemError } from '../../http/problem';
import { MAX_PAGE } from '../../orders/order-list';
import { traceDocument } from '../../traces/trace-document';
import type { GatewayDeps } from '../gateway-deps';
import { readOrder } from '../order-access';
import { aboutOrder } from '../request-context';
import { answers, orderPageSchema, orderSchema, orderSummarySchema, traceSchema } from '../schemas';

/** An id that cannot be one is answered 404, as any order that there is not. */
export const orderParams = z.object({ id: z.string().describe('The order id') });

const limit = z.coerce.number().int().min(1).max(MAX_PAGE).default(20);

export const listQuerySchema = z.strictObject({
  status: z.enum(ORDER_STATUSES).optional(),
  customerId: orderRequestSchema.shape.customerId.optional(),
  limit,
  cursor: z.string().min(1).max(1000).optional(),
});

/** What is known of orders: one, many, and the trace of one. */
export function readOrderRoutes(app: HttpApp, deps: GatewayDeps): void {
  app.get(
    '/orders/:id',
    {
      config: { scope: 'orders:read' },
      schema: {
        summary: 'One order',
        params: orderParams,
        response: answers({ 200: z.union([orderSchema, orderSummarySchema]) }, 404, 406, 429, 503),
      },
    },
    async (request, reply) => {
      const order = await readOrder(deps, request.params.id, request.caller);
      aboutOrder(reply, order);
      return reply.send(order);
    },
  );

  app.get(
    '/orders',
    {
      config: { scope: 'orders:read' },
      schema: {
        summary: 'Orders, newest first',
        querystring: listQuerySchema,
        response: answers({ 200: orderPageSchema }, 400, 429, 503),
      },
    },
    async (request) => {
      const { customerId } = request.caller;
      const asked = request.query.customerId;
      if (customerId !== undefined && asked !== undefined && asked !== customerId) return { orders: [] };
      return deps.orders.list({ ...request.query, customerId: customerId ?? asked });
    },
  );

  app.get(
    '/orders/:id/trace',
    {
      config: { scope: 'orders:read' },
      schema: {
        summary: 'The trace of an order, as far as it is kept here',
        params: orderParams,
        response: answers({ 200: traceSchema }, 404, 429, 503),
      },
    },
    async (request, reply) => {
      const order = await readOrder(deps, request.params.id, request.caller);
      aboutOrder(reply, order);
      const { traceId } = order;
      const spans = traceId === undefined ? [] : deps.traceOf(traceId);
      if (traceId === undefined || spans.length === 0) {
        throw new ProblemError('not_found', `No span of order ${order.orderId} is kept here`);
      }
      return reply.send(traceDocument(traceId, spans, order));
    },
  );
}
