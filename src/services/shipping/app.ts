import { z } from 'zod';
import { orderIdSchema, orderItemsSchema, shippingAddressSchema } from '../../domain/order-schema';
import { Barrier } from '../barrier/barrier';
import { keyedRequest } from '../barrier/idempotency';
import { compensationRoute } from '../compensation-route';
import { openDatabase, pingDatabase } from '../../database/open-database';
import { pageQuerySchema, pageRequest } from '../pagination';
import type { ServiceApp, ServiceDeps } from '../service-app';
import { createServiceApp, sendAnswer } from '../service-app';
import { cancelShipment, createShipment, shippingBooks } from './shipments';
import type { ShippingTables } from './tables';
import { shippingMigrations } from './tables';

const createShipmentSchema = z.strictObject({
  orderId: orderIdSchema,
  items: orderItemsSchema,
  address: shippingAddressSchema,
});

/** The shipping service: books parcels. Its database is open and migrated, and closed with the app. */
export async function buildShippingApp(deps: ServiceDeps): Promise<ServiceApp> {
  const db = await openDatabase<ShippingTables>(deps.config, {
    schema: 'shipping',
    migrations: shippingMigrations,
    telemetry: deps.telemetry,
  });
  const barrier = new Barrier(db);
  const app = createServiceApp(deps, { ready: () => pingDatabase(db), close: () => db.destroy() });

  app.post('/shipments', { schema: { body: createShipmentSchema } }, async (request, reply) => {
    const keyed = keyedRequest(request, request.body);
    return sendAnswer(
      request,
      reply,
      await barrier.action(keyed, (trx) => createShipment(trx, keyed.key, request.body)),
    );
  });

  compensationRoute(app, '/cancellations', barrier, cancelShipment);

  app.get('/books', { schema: { querystring: pageQuerySchema } }, (request) =>
    shippingBooks(db, pageRequest(request.query)),
  );

  return app;
}
