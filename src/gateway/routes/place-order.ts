import type { FastifyReply, FastifyRequest } from 'fastify';
import { orderRequestSchema } from '../../domain/order-schema';
import type { OrderView } from '../../domain/order';
import type { HttpApp } from '../../http/http-app';
import { ProblemError } from '../../http/problem';
import { parseOrder } from '../../orders/quote';
import { answers, WITH_BODY } from '../answers';
import { maySee } from '../auth';
import type { GatewayDeps } from '../gateway-deps';
import { idempotencyKeyHeader, idempotencyKeyOf, preferenceOf, whenClientLeaves } from '../headers';
import { TAGS } from '../openapi';
import { orderFailureProblem } from '../problems';
import { aboutOrder } from '../request-context';
import { orderSchema, orderSummarySchema } from '../schemas';
import { z } from 'zod';

const headersSchema = z.object({
  'idempotency-key': idempotencyKeyHeader,
  prefer: z
    .string()
    .optional()
    .describe(
      '`respond-async`: answer at once with 202; `wait=SECONDS`: at most that long; `wait=payment`: answer with 201 as soon ' +
        'as the payment is taken, shipment follows',
    ),
});

/** `POST /orders`: places an order and answers with what it came to, as far as that is known in time. */
export function placeOrderRoute(app: HttpApp, deps: GatewayDeps): void {
  const { config, orders, inventory, intake, archive, waits, draining } = deps;

  app.post(
    '/orders',
    {
      config: { scope: 'orders:write' },
      // The order's own parser names what is wrong, unknown SKUs included, all at once.
      validatorCompiler: () => (value: unknown) => ({ value }),
      schema: {
        operationId: 'placeOrder',
        tags: [TAGS.orders],
        summary: 'Place an order',
        description:
          'Waits for the outcome. The same `Idempotency-Key`, or the same `orderId`, with the same payload gives the ' +
          'same order, however often and however many at once it is sent.',
        body: orderRequestSchema,
        headers: headersSchema,
        response: answers(
          {
            201: {
              description: 'The order is completed; with `Prefer: wait=payment`, it is paid',
              schema: orderSchema,
            },
            202: {
              description: 'The order runs; `Location` tells what becomes of it',
              schema: orderSummarySchema,
            },
          },
          ...([402, 409, 422, 504, ...WITH_BODY] as const),
        ),
      },
    },
    async (request, reply) => {
      const left = whenClientLeaves(reply);
      const idempotencyKey = idempotencyKeyOf(request);
      const { respondAsync, waitMs, waitForPayment } = preferenceOf(request);
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
      // RFC 7240: with both preferences, at once means after that long.
      const preferredMs = waitMs ?? (respondAsync ? 0 : config.orderWaitMs);
      const timeoutMs = Math.min(preferredMs, config.orderWaitMs);
      let leftMs = timeoutMs;
      if (waitForPayment && timeoutMs > 0) {
        const from = performance.now();
        const signal = AbortSignal.any([left, draining]);
        const paid = await orders.untilPaid(summary.orderId, { timeoutMs, signal });
        if (paid !== undefined) return answerPaid(reply, paid);
        leftMs = Math.max(0, timeoutMs - (performance.now() - from));
      }
      const outcome =
        timeoutMs === 0 ? undefined : await waits.wait(summary.orderId, { timeoutMs: leftMs, signal: left });
      if (outcome === undefined) {
        if (respondAsync) reply.header('preference-applied', 'respond-async');
        return reply.code(202).send(summary);
      }
      await archive.keep(outcome).catch((error: unknown) => {
        // The sweep brings it later; the client has what it came for.
        request.log.warn({ err: error }, 'the outcome of an order could not be archived');
      });
      return answerOutcome(reply, outcome);
    },
  );
}

/** It may be completed by now, or on its way. */
function answerPaid(reply: FastifyReply, order: OrderView): FastifyReply {
  aboutOrder(reply, order);
  return reply.header('preference-applied', 'wait=payment').code(201).send(order);
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
