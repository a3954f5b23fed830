import { z } from 'zod';
import type { HttpApp } from '../../http/http-app';
import { ProblemError } from '../../http/problem';
import { traceDocument } from '../../traces/trace-document';
import type { GatewayDeps } from '../gateway-deps';
import { prefersHtml } from '../headers';
import { readOrder } from '../order-access';
import { aboutOrder } from '../request-context';
import { listQuerySchema, orderParams } from './params';
import { sendOrderPage } from './pages';
import { answers, orderPageSchema, orderSchema, orderSummarySchema, traceSchema } from '../schemas';

/** What is known of orders: one, many, and the trace of one. */
export function readOrderRoutes(app: HttpApp, deps: GatewayDeps): void {
  app.get(
    '/orders/:id',
    {
      config: { scope: 'orders:read' },
      schema: {
        summary: 'One order',
        description: 'As JSON, or with `Accept: text/html` as a page for people',
        params: orderParams,
        querystring: z.object({ format: z.literal('json').optional().describe('JSON whatever is accepted') }),
        response: answers({ 200: z.union([orderSchema, orderSummarySchema]) }, 400, 404, 406, 429, 503),
      },
    },
    async (request, reply) => {
      const asPage = request.query.format === undefined && prefersHtml(request);
      if (asPage === undefined) {
        throw new ProblemError('not_acceptable', 'An order is application/json or text/html');
      }
      const order = await readOrder(deps, request.params.id, request.caller);
      aboutOrder(reply, order);
      reply.header('vary', 'Accept');
      return asPage ? sendOrderPage(reply, order, deps) : reply.send(order);
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
