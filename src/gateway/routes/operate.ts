import { createHash } from 'node:crypto';
import formbody from '@fastify/formbody';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { OrderView } from '../../domain/order';
import type { HttpApp } from '../../http/http-app';
import type { OrderSummary } from '../../orders/order-summary';
import { answers, WITH_BODY } from '../answers';
import type { GatewayDeps } from '../gateway-deps';
import { idempotencyKeyHeader, idempotencyKeyOf, isForm, KEY_PATTERN } from '../headers';
import { TAGS } from '../openapi';
import { assertMayTouch } from '../order-access';
import { actorOf, aboutOrder } from '../request-context';
import { compensationName, orderSchema, orderSummarySchema, waitingPageSchema } from '../schemas';
import { orderParams, pageCursor, pageLimit } from './params';

const MAX_TEXT = 500;
const text = z.string().max(MAX_TEXT).trim().regex(/\S/, 'must not be empty');
const actionId = z
  .string()
  .regex(KEY_PATTERN, 'must be 1 to 255 printable ASCII characters without spaces')
  .optional()
  .describe('The same one is done once, as with `Idempotency-Key`');
const compensationParams = z.object({ id: z.string(), step: compensationName });
/** A field that a form leaves empty is not there. */
const optionalText = z
  .string()
  .max(MAX_TEXT)
  .trim()
  .transform((said) => (said === '' ? undefined : said))
  .optional();
const cancelBody = z.strictObject({ by: optionalText, reason: optionalText });

const actionHeaders = z.looseObject({ 'idempotency-key': idempotencyKeyHeader });
const CONSUMED = ['application/json', 'application/x-www-form-urlencoded'];
const BACK_TO_PAGE = { description: 'Done as the form of a page asked: back to the page of the order' };
const ACTED = {
  200: { description: 'The order when it was accepted', schema: orderSchema },
  303: BACK_TO_PAGE,
};

/** What customers and operators do to orders: each on record with who and why. Takes JSON, and the pages' forms. */
export async function operateRoutes(app: HttpApp, deps: GatewayDeps): Promise<void> {
  const { orders, config } = deps;
  // A token says who it is.
  const by = config.gateway.auth === undefined ? text : optionalText;
  const retryBody = z.strictObject({ by, reason: optionalText, actionId });
  const skipBody = z.strictObject({ by, reason: text, actionId });
  await app.register(formbody);
  app.addHook('preValidation', (request, _reply, done) => {
    // Without a body nothing is said; one that says `null` is another thing.
    if (request.body === undefined) request.body = {};
    done();
  });

  app.post(
    '/orders/:id/cancel',
    {
      config: { scope: 'orders:write' },
      schema: {
        operationId: 'cancelOrder',
        tags: [TAGS.orders],
        summary: 'Undo an order, whatever it has done so far',
        consumes: CONSUMED,
        params: orderParams,
        body: cancelBody,
        response: answers(
          {
            202: { description: 'The order is being undone', schema: orderSummarySchema },
            303: BACK_TO_PAGE,
          },
          ...([404, 409, ...WITH_BODY] as const),
        ),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      await assertMayTouch(deps, id, request.caller);
      const { reason } = request.body;
      const by = actorOf(request, request.body.by);
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
        operationId: 'listAttention',
        tags: [TAGS.operators],
        summary: 'Orders that wait for an operator, newest first',
        querystring: z.strictObject({ limit: pageLimit, cursor: pageCursor }),
        response: answers({ 200: { description: 'One page', schema: waitingPageSchema } }),
      },
    },
    (request) => orders.waiting(request.query),
  );

  app.post(
    '/orders/:id/compensations/:step/retry',
    {
      config: { scope: 'orders:operate' },
      schema: {
        operationId: 'retryCompensation',
        tags: [TAGS.operators],
        summary: 'Try a compensation again that a parked order waits with',
        consumes: CONSUMED,
        params: compensationParams,
        headers: actionHeaders,
        body: retryBody,
        response: answers(ACTED, ...([404, 409, ...WITH_BODY] as const)),
      },
    },
    async (request, reply) => {
      const { id, step } = request.params;
      const { reason } = request.body;
      const by = actorOf(request, request.body.by);
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
        operationId: 'skipCompensation',
        tags: [TAGS.operators],
        summary: 'Give up a compensation that a parked order waits with: somebody settled it by other means',
        consumes: CONSUMED,
        params: compensationParams,
        headers: actionHeaders,
        body: skipBody,
        response: answers(ACTED, ...([404, 409, ...WITH_BODY] as const)),
      },
    },
    async (request, reply) => {
      const { id, step } = request.params;
      const { reason } = request.body;
      const by = actorOf(request, request.body.by);
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
