import { z } from 'zod';
import { moneySchema, orderIdSchema, orderItemSchema, orderItemsSchema } from '../../domain/order-schema';
import { Barrier } from '../barrier/barrier';
import { keyedRequest } from '../barrier/idempotency';
import { compensationRoute } from '../compensation-route';
import { openDatabase, pingDatabase } from '../../database/open-database';
import { pageQuerySchema, pageRequest } from '../pagination';
import type { ServiceApp, ServiceDeps } from '../service-app';
import { createServiceApp, sendAnswer } from '../service-app';
import { inventoryBooks } from './books';
import { readCatalogue } from './catalogue';
import { release, reserve } from './reservations';
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
  const barrier = new Barrier(db);
  const app = createServiceApp(deps, { ready: () => pingDatabase(db), close: () => db.destroy() });

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

  app.get('/books', { schema: { querystring: pageQuerySchema } }, (request) =>
    inventoryBooks(db, pageRequest(request.query)),
  );

  return app;
}
