import { z } from 'zod';
import type { HttpApp } from '../../http/http-app';
import { ProblemError } from '../../http/problem';
import { traceDocument } from '../../traces/trace-document';
import { answers } from '../answers';
import type { GatewayDeps } from '../gateway-deps';
import { prefersHtml } from '../headers';
import { readOrder } from '../order-access';
import { TAGS } from '../openapi';
import { aboutOrder } from '../request-context';
import { listQuerySchema, orderParams } from './params';
import { sendOrderPage } from './pages';
import { orderPageSchema, orderSchema, orderSummarySchema, traceSchema } from '../schemas';

/** What is known of orders: one, many, and the trace of one. */
export function readOrderRoutes(app: HttpApp, deps: GatewayDeps): void {
  app.get(
    '/orders/:id',
    {
      config: { scope: 'orders:read' },
      schema: {
        operationId: 'getOrder',
        tags: [TAGS.orders],
        summary: 'One order',
        description: 'As JSON, or with `Accept: text/html` as a page for people',
        params: orderParams,
        querystring: z.object({ format: z.literal('json').optional().describe('JSON whatever is accepted') }),
        response: answers(
          {
            200: {
              description: 'The order; no more than its summary while no worker answers for it',
              schema: z.union([orderSchema, orderSummarySchema]),
              page: true,
            },
          },
          ...([404, 406] as const),
        ),
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
        operationId: 'listOrders',
        tags: [TAGS.orders],
        summary: 'Orders, newest first',
        description: 'A change of status is seen here about a second after it happened.',
        querystring: listQuerySchema,
        response: answers({ 200: { description: 'One page', schema: orderPageSchema } }),
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
        operationId: 'getOrderTrace',
        tags: [TAGS.orders],
        summary: 'The trace of an order, as far as it is kept here',
        params: orderParams,
        response: answers({ 200: { description: 'Every span of it', schema: traceSchema } }, 404),
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
