import { randomUUID } from 'node:crypto';
import type { Transaction } from 'kysely';
import { sql } from 'kysely';
import type {
  ReserveInventoryRequest,
  ReserveInventoryResponse,
  TryInventoryRequest,
  TryInventoryResponse,
} from '../../domain/service-contract';
import { formatMoney, sameMoney } from '../../domain/money';
import type { Money } from '../../domain/money';
import type { OrderItem } from '../../domain/order';
import type { Reply } from '../barrier/barrier-rows';
import { ProblemError } from '../../http/problem';
import { priceOf } from './catalogue';
import type { InventoryTables, ReservationTable } from './tables';

/** Where a unit of stock is. */
type Place = 'free' | 'reserved' | 'sold';

/**
 * Sells all the items or none: every unit goes from free to sold.
 *
 * @throws ProblemError `unknown_sku`, `price_changed`, or `out_of_stock` naming each SKU that is short.
 */
export async function reserve(
  trx: Transaction<InventoryTables>,
  key: string,
  request: ReserveInventoryRequest,
): Promise<Reply> {
  const amount = await take(trx, request, 'sold');
  const reservationId = `res_${randomUUID()}`;
  await write(trx, { key, reservation_id: reservationId, state: 'sold', expires_at: null }, request);
  return { status: 201, body: { reservationId, amount } satisfies ReserveInventoryResponse };
}

/**
 * Sets all the items aside or none (TCC try): every unit goes from free to reserved, where nobody else can buy it.
 *
 * @param expiresAt ISO 8601.
 * @throws ProblemError as {@link reserve}.
 */
export async function hold(
  trx: Transaction<InventoryTables>,
  key: string,
  request: TryInventoryRequest,
  expiresAt: string,
): Promise<Reply> {
  const amount = await take(trx, request, 'reserved');
  const holdId = `hold_${randomUUID()}`;
  const row = { key, reservation_id: holdId, state: 'held', expires_at: Date.parse(expiresAt) } as const;
  await write(trx, row, request);
  return { status: 201, body: { holdId, amount, expiresAt } satisfies TryInventoryResponse };
}

/** Sells what the hold of `key` set aside (TCC confirm): from reserved to sold. */
export async function sell(trx: Transaction<InventoryTables>, key: string): Promise<void> {
  const items = await leave(trx, key, 'held', 'sold');
  if (items === undefined) throw new Error(`The hold of ${key} is not there to be confirmed`);
  await lockStock(trx, items);
  await move(trx, items, 'reserved', 'sold');
}

/** Puts every unit that the reservation or the hold of `key` took back on the shelf. */
export async function release(trx: Transaction<InventoryTables>, key: string): Promise<void> {
  const sold = await leave(trx, key, 'sold', 'released');
  const items = sold ?? (await leave(trx, key, 'held', 'released'));
  if (items === undefined) throw new Error(`The reservation of ${key} is not there to be released`);
  await lockStock(trx, items);
  await move(trx, items, sold === undefined ? 'reserved' : 'sold', 'free');
}

async function take(
  trx: Transaction<InventoryTables>,
  { items, expectedAmount }: ReserveInventoryRequest,
  to: Place,
): Promise<Money> {
  const amount = await priceOf(trx, items);
  if (!sameMoney(amount, expectedAmount)) {
    throw new ProblemError(
      'price_changed',
      `Quoted ${formatMoney(expectedAmount)}, now ${formatMoney(amount)}`,
      { amount },
    );
  }
  await assertInStock(trx, items);
  await move(trx, items, 'free', to);
  return amount;
}

async function write(
  trx: Transaction<InventoryTables>,
  row: Pick<ReservationTable, 'key' | 'reservation_id' | 'state' | 'expires_at'>,
  { orderId, items }: ReserveInventoryRequest,
): Promise<void> {
  const now = Date.now();
  await trx
    .insertInto('reservations')
    .values({ ...row, order_id: orderId, items: JSON.stringify(items), created_at: now, updated_at: now })
    .execute();
}

/** Takes the reservation of `key` from one state to another; its items, or undefined when it is not in the first. */
async function leave(
  trx: Transaction<InventoryTables>,
  key: string,
  from: ReservationTable['state'],
  to: ReservationTable['state'],
): Promise<readonly OrderItem[] | undefined> {
  const row = await trx
    .updateTable('reservations')
    .set({ state: to, updated_at: Date.now() })
    .where('key', '=', key)
    .where('state', '=', from)
    .returning('items')
    .executeTakeFirst();
  return row && (JSON.parse(row.items) as OrderItem[]);
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

/** Moves every unit of what is locked, or fails. The conditions and the table's CHECKs hold whatever the callers think. */
async function move(
  trx: Transaction<InventoryTables>,
  items: readonly OrderItem[],
  from: Place,
  to: Place,
): Promise<void> {
  for (const { sku, quantity } of items) {
    await trx
      .updateTable('stock')
      .set({
        [from]: sql<number>`${sql.ref(from)} - ${quantity}`,
        [to]: sql<number>`${sql.ref(to)} + ${quantity}`,
      })
      .where('sku', '=', sku)
      .where(from, '>=', quantity)
      .returning('sku')
      .executeTakeFirstOrThrow(
        () => new Error(`${String(quantity)} of ${sku} cannot be moved from ${from} to ${to}`),
      );
  }
}
