import type { Kysely, Transaction } from 'kysely';
import { sql } from 'kysely';
import type { CreateOrderRequest, CreateOrderResponse, OrderBooks } from '../../domain/service-contract';
import type { OrderItem } from '../../domain/order';
import type { Reply } from '../barrier/barrier-rows';
import { ofOrders, pageOf, withCursor } from '../pagination';
import type { PageRequest } from '../pagination';
import { ProblemError } from '../../http/problem';
import type { OrderTable, OrderTables } from './tables';

/** An order as `GET /orders/:id` shows it. */
export interface StoredOrder extends CreateOrderRequest {
  readonly status: 'created' | 'cancelled';
}

/**
 * Writes the order down.
 *
 * @throws ProblemError `order_conflict` when the id is another request's, cancelled or not.
 */
export async function createOrder(
  trx: Transaction<OrderTables>,
  key: string,
  order: CreateOrderRequest,
): Promise<Reply> {
  const now = Date.now();
  const inserted = await trx
    .insertInto('orders')
    .values({
      order_id: order.orderId,
      key,
      customer_id: order.customerId,
      items: JSON.stringify(order.items),
      amount: order.amount.value,
      currency: order.amount.currency,
      status: 'created',
      created_at: now,
      updated_at: now,
    })
    .onConflict((conflict) => conflict.column('order_id').doNothing())
    .returning('order_id')
    .executeTakeFirst();
  if (inserted === undefined) {
    throw new ProblemError('order_conflict', `The order id ${order.orderId} is taken by another order`);
  }
  return { status: 201, body: { orderId: order.orderId } satisfies CreateOrderResponse };
}

/** Marks the order that `key` made as cancelled. */
export async function cancelOrder(trx: Transaction<OrderTables>, key: string): Promise<void> {
  await trx
    .updateTable('orders')
    .set({ status: 'cancelled', updated_at: Date.now() })
    .where('key', '=', key)
    .where('status', '=', 'created')
    .returning('order_id')
    .executeTakeFirstOrThrow(() => new Error(`The order of ${key} is not there to be cancelled`));
}

/** @throws ProblemError `not_found`. */
export async function readOrder(db: Kysely<OrderTables>, orderId: string): Promise<StoredOrder> {
  const row = await db.selectFrom('orders').selectAll().where('order_id', '=', orderId).executeTakeFirst();
  if (row === undefined) throw new ProblemError('not_found', `There is no order ${orderId}`);
  return {
    orderId: row.order_id,
    customerId: row.customer_id,
    items: JSON.parse(row.items) as OrderItem[],
    amount: { value: row.amount, currency: row.currency },
    status: row.status,
  };
}

/** One page of the service's books, by order id. */
export async function orderBooks(db: Kysely<OrderTables>, request: PageRequest): Promise<OrderBooks> {
  const { after, limit } = request;
  const rows = await db
    .selectFrom('orders')
    .select(['order_id', 'key', 'status', 'amount', 'currency'])
    .where(sql<boolean>`(order_id, key) > (${after[0]}, ${after[1]})`)
    .where(ofOrders(request))
    .orderBy('order_id')
    .orderBy('key')
    .limit(limit + 1)
    .execute();
  return booksOf(pageOf(rows, limit, (row) => [row.order_id, row.key]));
}

/** How lately orders have changed, by this service's clock. */
export interface ChangeTimes {
  readonly unchangedForMs?: number | undefined;
  readonly changedWithinMs?: number | undefined;
}

/**
 * One page of the orders that have last changed in some time, in the order of those changes: an order that changes between
 * two pages comes once more.
 *
 * @throws ProblemError `invalid_request` for a cursor of another listing.
 */
export async function changedOrders(
  db: Kysely<OrderTables>,
  request: PageRequest,
  { unchangedForMs, changedWithinMs }: ChangeTimes,
): Promise<OrderBooks> {
  const now = Date.now();
  const { after, limit } = request;
  const afterTime = Number(after[0]);
  if (!Number.isSafeInteger(afterTime)) {
    throw new ProblemError('invalid_request', 'cursor: must be one of the orders by their changes');
  }
  const rows = await db
    .selectFrom('orders')
    .select(['order_id', 'status', 'amount', 'currency', 'updated_at'])
    .where(sql<boolean>`(updated_at, order_id) > (${afterTime}, ${after[1]})`)
    .where(ofOrders(request))
    .where('updated_at', '<=', now - (unchangedForMs ?? 0))
    .where('updated_at', '>=', now - (changedWithinMs ?? now))
    .orderBy('updated_at')
    .orderBy('order_id')
    .limit(limit + 1)
    .execute();
  return booksOf(pageOf(rows, limit, (row) => [String(row.updated_at), row.order_id]));
}

type OrderRow = Pick<OrderTable, 'order_id' | 'status' | 'amount' | 'currency'>;

function booksOf(page: { readonly rows: readonly OrderRow[]; readonly nextCursor?: string }): OrderBooks {
  return {
    orders: page.rows.map((row) => ({
      orderId: row.order_id,
      status: row.status,
      amount: { value: row.amount, currency: row.currency },
    })),
    ...withCursor(page),
  };
}
