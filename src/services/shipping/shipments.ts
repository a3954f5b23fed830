import { randomUUID } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import { sql } from 'kysely';
import type {
  CreateShipmentRequest,
  CreateShipmentResponse,
  ShippingBooks,
} from '../../domain/service-contract';
import type { Reply } from '../barrier/barrier-rows';
import { ofOrders, pageOf, withCursor } from '../pagination';
import type { PageRequest } from '../pagination';
import { assertServed } from './carriers';
import type { ShippingTables } from './tables';

/**
 * Books the shipment.
 *
 * @throws ProblemError `shipping_unavailable` for good, `carrier_unavailable` for now.
 */
export async function createShipment(
  trx: Transaction<ShippingTables>,
  key: string,
  shipment: CreateShipmentRequest,
): Promise<Reply> {
  assertServed(shipment.address.country);
  const shipmentId = `shp_${randomUUID()}`;
  const now = Date.now();
  await trx
    .insertInto('shipments')
    .values({
      key,
      shipment_id: shipmentId,
      order_id: shipment.orderId,
      items: JSON.stringify(shipment.items),
      address: JSON.stringify(shipment.address),
      country: shipment.address.country,
      status: 'created',
      created_at: now,
      updated_at: now,
    })
    .execute();
  return { status: 201, body: { shipmentId } satisfies CreateShipmentResponse };
}

/** Calls the shipment that `key` made back. */
export async function cancelShipment(trx: Transaction<ShippingTables>, key: string): Promise<void> {
  await trx
    .updateTable('shipments')
    .set({ status: 'cancelled', updated_at: Date.now() })
    .where('key', '=', key)
    .where('status', '=', 'created')
    .returning('key')
    .executeTakeFirstOrThrow(() => new Error(`The shipment of ${key} is not there to be cancelled`));
}

/** One page of the service's books, by order id. */
export async function shippingBooks(
  db: Kysely<ShippingTables>,
  request: PageRequest,
): Promise<ShippingBooks> {
  const { after, limit } = request;
  const rows = await db
    .selectFrom('shipments')
    .select(['order_id', 'key', 'status'])
    .where(sql<boolean>`(order_id, key) > (${after[0]}, ${after[1]})`)
    .where(ofOrders(request))
    .orderBy('order_id')
    .orderBy('key')
    .limit(limit + 1)
    .execute();
  const page = pageOf(rows, limit, (row) => [row.order_id, row.key]);
  return {
    shipments: page.rows.map((row) => ({ orderId: row.order_id, status: row.status })),
    ...withCursor(page),
  };
}
