import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { InventoryBooks } from '../../domain/service-contract';
import type { OrderItem } from '../../domain/order';
import { ofOrders, pageOf, withCursor } from '../pagination';
import type { PageRequest } from '../pagination';
import { heldUntil, isOverSince } from '../held-until';
import type { InventoryTables } from './tables';

/**
 * One page of reservations by order id, with the whole stock as it was at that moment.
 *
 * @param forgottenAfterMs how long after its expiry a hold that still stands is called overdue.
 */
export async function inventoryBooks(
  db: Kysely<InventoryTables>,
  request: PageRequest,
  forgottenAfterMs: number,
): Promise<InventoryBooks> {
  const { after, limit } = request;
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      const stock = await trx.selectFrom('stock').selectAll().orderBy('sku').execute();
      const rows = await trx
        .selectFrom('reservations')
        .select(['order_id', 'key', 'state', 'items', 'expires_at'])
        .select([isOverSince(trx, 0).as('expired'), isOverSince(trx, forgottenAfterMs).as('overdue')])
        .where(sql<boolean>`(order_id, key) > (${after[0]}, ${after[1]})`)
        .where(ofOrders(request))
        .orderBy('order_id')
        .orderBy('key')
        .limit(limit + 1)
        .execute();
      const page = pageOf(rows, limit, (row) => [row.order_id, row.key]);
      return {
        stock,
        reservations: page.rows.map((row) => ({
          orderId: row.order_id,
          key: row.key,
          state: row.state,
          items: JSON.parse(row.items) as OrderItem[],
          ...(row.state === 'held' && heldUntil(row)),
        })),
        ...withCursor(page),
      };
    });
}
