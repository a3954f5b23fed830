import { randomUUID } from 'node:crypto';
import type { Transaction } from 'kysely';
import { sql } from 'kysely';
import type { ReserveInventoryRequest, ReserveInventoryResponse } from '../../domain/service-contract';
import { formatMoney, sameMoney } from '../../domain/money';
import type { OrderItem } from '../../domain/order';
import type { Reply } from '../barrier/barrier-rows';
import { ProblemError } from '../../http/problem';
import { priceOf } from './catalogue';
import type { InventoryTables } from './tables';

/**
 * Sells all the items or none: every unit goes from free to sold.
 *
 * @throws ProblemError `unknown_sku`, `price_changed`, or `out_of_stock` naming each SKU that is short.
 */
export async function reserve(
  trx: Transaction<InventoryTables>,
  key: string,
  { orderId, items, expectedAmount }: ReserveInventoryRequest,
): Promise<Reply> {
  const amount = await priceOf(trx, items);
  if (!sameMoney(amount, expectedAmount)) {
    throw new ProblemError(
      'price_changed',
      `Quoted ${formatMoney(expectedAmount)}, now ${formatMoney(amount)}`,
      { amount },
    );
  }
  await assertInStock(trx, items);
  for (const { sku, quantity } of items) await moveFreeToSold(trx, sku, quantity);
  const reservationId = `res_${randomUUID()}`;
  const now = Date.now();
  await trx
    .insertInto('reservations')
    .values({
      key,
      reservation_id: reservationId,
      order_id: orderId,
      state: 'sold',
      items: JSON.stringify(items),
      created_at: now,
      updated_at: now,
    })
    .execute();
  return { status: 201, body: { reservationId, amount } satisfies ReserveInventoryResponse };
}

/** Puts every unit that the reservation of `key` took back on the shelf. */
export async function release(trx: Transaction<InventoryTables>, key: string): Promise<void> {
  const reservation = await trx
    .updateTable('reservations')
    .set({ state: 'released', updated_at: Date.now() })
    .where('key', '=', key)
    .where('state', '=', 'sold')
    .returning('items')
    .executeTakeFirstOrThrow(() => new Error(`The reservation of ${key} is not there to be released`));
  const items = JSON.parse(reservation.items) as OrderItem[];
  await lockStock(trx, items);
  for (const { sku, quantity } of items) await moveFreeToSold(trx, sku, -quantity);
}

async function assertInStock(trx: Transaction<InventoryTables>, items: readonly OrderItem[]): Promise<void> {
  const free = await lockStock(trx, items);
  const shortages = items
    .map(({ sku, quantity }) => ({ sku, wanted: quantity, free: free.get(sku) ?? 0 }))
    .filter((item) => item.wanted > item.free);
  if (shortages.length === 0) return;
  throw new ProblemError(
    'out_of_stock',
    shortages
      .map((item) => `${item.sku}: ${String(item.wanted)} wanted, ${String(item.free)} free`)
      .join('; '),
    { shortages },
  );
}

/** What is free of each SKU, locked in the order of SKUs: two orders for the same things never wait for each other. */
async function lockStock(
  trx: Transaction<InventoryTables>,
  items: readonly OrderItem[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await trx
    .selectFrom('stock')
    .select(['sku', 'free'])
    .where(
      'sku',
      'in',
      items.map((item) => item.sku),
    )
    .orderBy('sku')
    .forUpdate()
    .execute();
  return new Map(rows.map((row) => [row.sku, row.free]));
}

/** A negative quantity moves back. The conditions and the table's CHECKs hold whatever the callers think. */
async function moveFreeToSold(
  trx: Transaction<InventoryTables>,
  sku: string,
  quantity: number,
): Promise<void> {
  await trx
    .updateTable('stock')
    .set({ free: sql<number>`free - ${quantity}`, sold: sql<number>`sold + ${quantity}` })
    .where('sku', '=', sku)
    .where('free', '>=', quantity)
    .where('sold', '>=', -quantity)
    .returning('sku')
    .executeTakeFirstOrThrow(() => new Error(`${String(quantity)} of ${sku} cannot be moved`));
}
