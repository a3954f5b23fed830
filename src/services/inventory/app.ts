import { z } from 'zod';
import { moneySchema, orderIdSchema, orderItemSchema, orderItemsSchema } from '../../domain/order-schema';
import { HoldBarrier } from '../barrier/hold-barrier';
import { keyedRequest } from '../barrier/idempotency';
import { compensationRoute } from '../compensation-route';
import { openDatabase, pingDatabase } from '../../database/open-database';
import { holdRoutes } from '../hold-routes';
import { forgottenAfterMs, HoldSweep } from '../hold-sweep';
import { pageQuerySchema, pageRequest } from '../pagination';
import type { ServiceApp, ServiceDeps } from '../service-app';
import { createServiceApp, sendAnswer } from '../service-app';
import { inventoryBooks } from './books';
import { readCatalogue } from './catalogue';
import { hold, release, reserve, sell } from './reservations';
import type { InventoryTables } from './tables';
import { inventoryMigrations } from './tables';

const reserveSchema = z.strictObject({
  orderId: orderIdSchema,
  items: orderItemsSchema,
  expectedAmount: moneySchema,
});

const skuSchema = orderItemSchema.shape.sku;
/** `?sku=A&sku=B`; a single one comes as a string. */
const catalogueQuerySchema = z.strictObject({
  sku: z
    .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(skuSchema).max(100))
    .optional(),
});

/** The inventory service: catalogue and stock. Its database is open and migrated, and closed with the app. */
export async function buildInventoryApp(deps: ServiceDeps): Promise<ServiceApp> {
  const db = await openDatabase<InventoryTables>(deps.config, {
    schema: 'inventory',
    migrations: inventoryMigrations,
    telemetry: deps.telemetry,
  });
  const { sweepIntervalMs } = deps.config.holds;
  const barrier = new HoldBarrier(db, deps.config.holds.ttlMs);
  const sweep = new HoldSweep({
    service: 'inventory',
    intervalMs: sweepIntervalMs,
    telemetry: deps.telemetry,
    due: (after, limit) => barrier.due(after, limit),
    expire: (due) => barrier.expire(due, (trx) => release(trx, due.key)),
  });
  const app = createServiceApp(deps, {
    ready: () => pingDatabase(db),
    close: async () => {
      await sweep.stop();
      await db.destroy();
    },
  });

  app.get('/catalogue', { schema: { querystring: catalogueQuerySchema } }, (request) =>
    readCatalogue(db, request.query.sku),
  );

  app.post('/reservations', { schema: { body: reserveSchema } }, async (request, reply) => {
    const keyed = keyedRequest(request, request.body);
    return sendAnswer(
      request,
      reply,
      await barrier.action(keyed, (trx) => reserve(trx, keyed.key, request.body)),
    );
  });

  compensationRoute(app, '/releases', barrier, release);

  app.post('/holds', { schema: { body: reserveSchema } }, async (request, reply) => {
    const keyed = keyedRequest(request, request.body);
    return sendAnswer(
      request,
      reply,
      await barrier.hold(keyed, (trx, expiresAt) => hold(trx, keyed.key, request.body, expiresAt)),
    );
  });

  holdRoutes(app, {
    confirm: (keyed) => barrier.confirmation(keyed, (trx) => sell(trx, keyed.confirms)),
    undo: (keyed) => barrier.compensation(keyed, (trx) => release(trx, keyed.compensates)),
  });

  app.get('/books', { schema: { querystring: pageQuerySchema } }, (request) =>
    inventoryBooks(db, pageRequest(request.query), forgottenAfterMs(sweepIntervalMs)),
  );

  return app;
}
