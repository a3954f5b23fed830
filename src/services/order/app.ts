import { z } from 'zod';
import { moneySchema, orderIdSchema, orderItemsSchema, orderRequestSchema } from '../../domain/order-schema';
import { Barrier } from '../barrier/barrier';
import { keyedRequest } from '../barrier/idempotency';
import { compensationRoute } from '../compensation-route';
import { openDatabase, pingDatabase } from '../../database/open-database';
import { pageQuerySchema, pageRequest } from '../pagination';
import type { ServiceApp, ServiceDeps } from '../service-app';
import { createServiceApp, sendAnswer } from '../service-app';
import { cancelOrder, changedOrders, createOrder, orderBooks, readOrder } from './orders';
import type { OrderTables } from './tables';
import { orderMigrations } from './tables';

const createOrderSchema = z.strictObject({
  orderId: orderIdSchema,
  customerId: orderRequestSchema.shape.customerId,
  items: orderItemsSchema,
  amount: moneySchema,
});

/** `unchangedForMs=10000&changedWithinMs=60000`: what has last changed in that time, by this service's clock. */
const booksQuerySchema = pageQuerySchema.extend({
  unchangedForMs: z.coerce.number().int().min(0).optional(),
  changedWithinMs: z.coerce.number().int().min(0).optional(),
});

/** The order service: keeps the orders. Its database is open and migrated, and closed with the app. */
export async function buildOrderApp(deps: ServiceDeps): Promise<ServiceApp> {
  const db = await openDatabase<OrderTables>(deps.config, {
    // Not `order`: PostgreSQL would have everybody quote it.
    schema: 'orders',
    migrations: orderMigrations,
    telemetry: deps.telemetry,
  });
  const barrier = new Barrier(db);
  const app = createServiceApp(deps, { ready: () => pingDatabase(db), close: () => db.destroy() });

  app.post('/orders', { schema: { body: createOrderSchema } }, async (request, reply) => {
    const keyed = keyedRequest(request, request.body);
    return sendAnswer(
      request,
      reply,
      await barrier.action(keyed, (trx) => createOrder(trx, keyed.key, request.body)),
    );
  });

  compensationRoute(app, '/cancellations', barrier, cancelOrder);

  app.get('/orders/:orderId', { schema: { params: z.strictObject({ orderId: orderIdSchema }) } }, (request) =>
    readOrder(db, request.params.orderId),
  );

  app.get('/books', { schema: { querystring: booksQuerySchema } }, ({ query }) => {
    const byChange = query.unchangedForMs !== undefined || query.changedWithinMs !== undefined;
    return byChange ? changedOrders(db, pageRequest(query), query) : orderBooks(db, pageRequest(query));
  });

  return app;
}
