import { createHash } from 'node:crypto';
import formbody from '@fastify/formbody';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { OrderView } from '../../domain/order';
import type { HttpApp } from '../../http/http-app';
import type { OrderSummary } from '../../orders/order-summary';
import type { GatewayDeps } from '../gateway-deps';
import { idempotencyKeyOf, isForm } from '../headers';
import { assertMayTouch } from '../order-access';
import { actorOf, aboutOrder, requireActor } from '../request-context';
import { answers, compensationName, orderSchema, orderSummarySchema, waitingPageSchema } from '../schemas';
import { orderParams, pageCursor, pageLimit } from './params';

const text = z.string().trim().min(1).max(500);
const actionId = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 printable ASCII characters without spaces');
const compensationParams = z.object({ id: z.string(), step: compensationName });
/** A field that a form leaves empty is not there. */
const optionalText = z.preprocess((value) => (value === '' ? undefined : value), text.optional());
/** Without a body there is nothing to read. */
const optionalBody = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.preprocess((body) => body ?? {}, z.strictObject(shape));

const cancelBody = optionalBody({ by: optionalText, reason: optionalText });
const retryBody = optionalBody({ by: optionalText, reason: optionalText, actionId: actionId.optional() });
const skipBody = z.strictObject({ by: optionalText, reason: text, actionId: actionId.optional() });

/** What customers and operators do to orders: each on record with who and why. Takes JSON, and the pages' forms. */
export async function operateRoutes(app: HttpApp, deps: GatewayDeps): Promise<void> {
  const { orders } = deps;
  await app.register(formbody);

  app.post(
    '/orders/:id/cancel',
    {
      config: { scope: 'orders:write' },
      schema: {
        summary: 'Undo an order, whatever it has done so far',
        params: orderParams,
        body: cancelBody,
        response: answers({ 202: orderSummarySchema }, 400, 404, 409, 429, 503),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      await assertMayTouch(deps, id, request.caller);
      const { reason } = request.body;
      const by = actorOf(request, request.body.by) ?? 'the customer';
      await orders.cancel(id, { by, ...(reason !== undefined && { reason }) });
      const summary = await orders.summary(id);
      return answerAction(request, reply, summary, 202);
    },
  );

  app.get(
    '/attention',
    {
      config: { scope: 'orders:operate' },
      schema: {
        summary: 'Orders that wait for an operator, newest first',
        querystring: z.strictObject({
          limit: pageLimit,
          cursor: pageCursor,
        }),
        response: answers({ 200: waitingPageSchema }, 400, 429, 503),
      },
    },
    (request) => orders.waiting(request.query),
  );

  app.post(
    '/orders/:id/compensations/:step/retry',
    {
      config: { scope: 'orders:operate' },
      schema: {
        summary: 'Try a compensation again that a parked order waits with',
        params: compensationParams,
        body: retryBody,
        response: answers({ 200: orderSchema }, 400, 404, 409, 429, 503),
      },
    },
    async (request, reply) => {
      const { id, step } = request.params;
      const { reason } = request.body;
      const by = requireActor(request, request.body.by);
      const order = await orders.retryCompensation(
        id,
        { step, by, ...(reason !== undefined && { reason }) },
        actionOf(request, 'retry', request.body.actionId),
      );
      return answerAction(request, reply, order, 200);
    },
  );

  app.post(
    '/orders/:id/compensations/:step/skip',
    {
      config: { scope: 'orders:operate' },
      schema: {
        summary: 'Give up a compensation that a parked order waits with: somebody settled it by other means',
        params: compensationParams,
        body: skipBody,
        response: answers({ 200: orderSchema }, 400, 404, 409, 429, 503),
      },
    },
    async (request, reply) => {
      const { id, step } = request.params;
      const { reason } = request.body;
      const by = requireActor(request, request.body.by);
      const order = await orders.skipCompensation(
        id,
        { step, by, reason },
        actionOf(request, 'skip', request.body.actionId),
      );
      return answerAction(request, reply, order, 200);
    },
  );
}

/** A browser that sent a form goes back to the order's page. */
function answerAction(
  request: FastifyRequest,
  reply: FastifyReply,
  order: OrderView | OrderSummary,
  status: number,
): FastifyReply {
  aboutOrder(reply, order);
  const location = `/orders/${order.orderId}`;
  if (isForm(request)) return reply.redirect(location, 303);
  return reply.code(status).header('location', location).send(order);
}

/** The action's id, from the `Idempotency-Key` or the body: the same one is done once, whatever became of the reply. */
function actionOf(
  request: FastifyRequest<{ Params: { step: string } }>,
  verb: 'retry' | 'skip',
  named: string | undefined,
): { readonly actionId?: string } {
  const id = idempotencyKeyOf(request) ?? named;
  if (id === undefined) return {};
  const content = JSON.stringify([verb, request.params.step, id]);
  return { actionId: createHash('sha256').update(content).digest('hex') };
}
