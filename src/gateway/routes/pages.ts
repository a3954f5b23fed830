import { randomUUID } from 'node:crypto';
import { PassThrough } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { HttpApp } from '../../http/http-app';
import type { OrderView } from '../../domain/order';
import { isOver } from '../../orders/order-summary';
import type { OrderSummary } from '../../orders/order-summary';
import type { GatewayDeps } from '../gateway-deps';
import { whenClientLeaves } from '../headers';
import { readOrder } from '../order-access';
import { OrderFeed, snapshotOf } from '../order-feed';
import type { OrderSnapshot } from '../order-feed';
import { PAGE_ASSETS, renderIndexPage, renderOrderMain, renderOrderPage } from '../pages';
import type { OrderPageModel } from '../pages';
import { aboutOrder } from '../request-context';
import { listQuerySchema, orderParams } from './params';

/** Parked orders that the index shows with their buttons. */
const INBOX = 20;

/** A comment this often keeps proxies from closing a stream in which nothing happens, ms. */
const HEARTBEAT_MS = 15_000;

const indexQuerySchema = z.preprocess(
  // An empty field of the filter's form is no filter.
  (query) => Object.fromEntries(Object.entries(query as object).filter(([, value]) => value !== '')),
  listQuerySchema,
);

/** The pages for people: the index of orders, and what keeps the page of one order up to date. */
export function pageRoutes(app: HttpApp, deps: GatewayDeps): void {
  const { orders, draining } = deps;

  for (const { path, contentType, body } of Object.values(PAGE_ASSETS)) {
    app.get(path, { schema: { hide: true } }, (_request, reply) =>
      reply.type(contentType).header('cache-control', 'public, max-age=31536000, immutable').send(body),
    );
  }

  app.get(
    '/',
    { config: { scope: 'orders:read' }, schema: { hide: true, querystring: indexQuerySchema } },
    async ({ caller, query: { limit, cursor, ...query } }, reply) => {
      const customerId = caller.customerId ?? query.customerId;
      const filter = { ...query, customerId };
      const [counts, page, attention] = await Promise.all([
        orders.counts({ customerId }),
        orders.list({ ...filter, limit, cursor }),
        caller.scopes.has('orders:operate') ? orders.waiting({ limit: INBOX }) : { orders: [] },
      ]);
      const parked = attention.orders.map((order) => ({ order, actionId: randomUUID() }));
      return sendPage(
        reply,
        renderIndexPage({ counts, filter, page, cursor, attention: parked, now: new Date() }),
      );
    },
  );

  const feed = new OrderFeed(async (orderId) => snapshotOf(await orders.getOrSummary(orderId), deps.traceOf));
  app.get(
    '/orders/:id/events',
    { config: { scope: 'orders:read' }, schema: { hide: true, params: orderParams } },
    async (request, reply) => {
      const { id } = request.params;
      aboutOrder(reply, await readOrder(deps, id, request.caller));
      const ended = whenClientLeaves(reply, draining);
      return reply
        .type('text/event-stream')
        .headers({ 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
        .send(eventStream(feed.follow(id, ended), ended, request));
    },
  );
}

/**
 * The order as server-sent events: `order` with the new inside of the page for each change, `end` when nothing more will
 * come. A stream that ends without it was cut off, and the browser comes back.
 */
function eventStream(
  snapshots: AsyncIterable<OrderSnapshot>,
  ended: AbortSignal,
  { log }: FastifyRequest,
): PassThrough {
  const stream = new PassThrough();
  const send = (event: string, data: object) => {
    stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  const heartbeat = setInterval(() => {
    stream.write(':\n\n');
  }, HEARTBEAT_MS);
  const follow = async () => {
    for await (const snapshot of snapshots) {
      send('order', { html: renderOrderMain(pageModel(snapshot, !isOver(snapshot.order))) });
    }
    if (!ended.aborted) send('end', {});
  };
  follow()
    .catch((error: unknown) => {
      log.warn({ err: error }, 'an order cannot be followed any more');
    })
    .finally(() => {
      clearInterval(heartbeat);
      stream.end();
    });
  return stream;
}

/** Answers with the page of one order. */
export function sendOrderPage(
  reply: FastifyReply,
  order: OrderView | OrderSummary,
  deps: GatewayDeps,
): FastifyReply {
  const snapshot = snapshotOf(order, deps.traceOf);
  return sendPage(reply, renderOrderPage(pageModel(snapshot, !isOver(snapshot.order))));
}

/** Never kept by a browser: it would show an order as it was, and to whoever comes next. */
export function sendPage(reply: FastifyReply, page: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').header('cache-control', 'no-store').send(page);
}

function pageModel({ order, spans }: OrderSnapshot, live: boolean): OrderPageModel {
  return { order, spans, now: new Date(), live, actionId: randomUUID() };
}
