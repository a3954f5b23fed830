import type { FastifyReply, FastifyRequest } from 'fastify';
import { orderRequestSchema } from '../../domain/order-schema';
import type { OrderView } from '../../domain/order';
import type { HttpApp } from '../../http/http-app';
import { ProblemError } from '../../http/problem';
import { parseOrder } from '../../orders/quote';
import { maySee } from '../auth';
import type { GatewayDeps } from '../gateway-deps';
import { idempotencyKeyOf, preferenceOf, whenClientLeaves } from '../headers';
import { orderFailureProblem } from '../problems';
import { aboutOrder } from '../request-context';
import { answers, orderSchema, orderSummarySchema } from '../schemas';
import { z } from 'zod';

const headersSchema = z.object({
  'idempotency-key': z.string().optional().describe('The same key and payload give the same order'),
  prefer: z
    .string()
    .optional()
    .describe('respond-async: answer at once with 202; wait=SECONDS: at most that long'),
});

/** `POST /orders`: places an order and answers with what it came to, as far as that is known in time. */
export function placeOrderRoute(app: HttpApp, deps: GatewayDeps): void {
  const { config, inventory, intake, archive, waits } = deps;

  app.post(
    '/orders',
    {
      config: { scope: 'orders:write' },
      // The order's own parser names what is wrong, unknown SKUs included, all at once.
      validatorCompiler: () => (value: unknown) => ({ value }),
      schema: {
        summary: 'Place an order',
        body: orderRequestSchema,
        headers: headersSchema,
        response: answers(
          { 201: orderSchema, 202: orderSummarySchema },
          ...[400, 402, 409, 413, 415, 422, 429, 503, 504],
        ),
      },
    },
    async (request, reply) => {
      const left = whenClientLeaves(reply);
      const idempotencyKey = idempotencyKeyOf(request);
      const { respondAsync, waitMs } = preferenceOf(request);
      const parsed = await parseOrder(request.body, inventory);
      assertOwnCustomer(request, parsed.order);
      const namedByClient = (request.body as { orderId?: unknown }).orderId !== undefined;
      const taken = await intake.take({ parsed, namedByClient, idempotencyKey });
      if ('archived' in taken) {
        reply.header('idempotent-replayed', 'true');
        return answerOutcome(reply, taken.archived);
      }
      const { joined, ...summary } = taken.order;
      aboutOrder(reply, summary);
      reply.header('location', `/orders/${summary.orderId}`);
      if (joined) reply.header('idempotent-replayed', 'true');
      if (respondAsync) {
        return reply.header('preference-applied', 'respond-async').code(202).send(summary);
      }
      const timeoutMs = Math.min(waitMs ?? config.orderWaitMs, config.orderWaitMs);
      const outcome = await waits.wait(summary.orderId, { timeoutMs, signal: left });
      if (outcome === undefined) return reply.code(202).send(summary);
      await archive.keep(outcome);
      return answerOutcome(reply, outcome);
    },
  );
}

function answerOutcome(reply: FastifyReply, order: OrderView): FastifyReply {
  aboutOrder(reply, order);
  if (order.status !== 'completed') throw orderFailureProblem(order);
  return reply.header('location', `/orders/${order.orderId}`).code(201).send(order);
}

function assertOwnCustomer({ caller }: FastifyRequest, order: { readonly customerId: string }): void {
  if (maySee(caller, order)) return;
  const message = 'must be the customer that the token is for';
  throw new ProblemError('forbidden', `customerId: ${message}`, {
    errors: [{ field: 'customerId', message }],
  });
}
