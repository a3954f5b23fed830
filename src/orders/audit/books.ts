import { z } from 'zod';
import { moneySchema } from '../../domain/order-schema';
import type { InventoryBooks, StockRow } from '../../domain/service-contract';
import type { ServiceName } from '../../config/config';
import { ServiceUnreachableError } from '../errors';
import { readService } from '../service-reader';
import type { ServiceSource } from '../service-reader';
import type { OrderEffects } from './effects';

/** The four services, each to be asked for its own books. */
export type BookSources = Readonly<Record<ServiceName, ServiceSource>>;

/** What the inventory service's books said while they were read from the first page to the last. */
export interface InventoryReading {
  readonly before: readonly StockRow[];
  readonly after: readonly StockRow[];
  readonly reservations: InventoryBooks['reservations'];
}

/** All four books, by order. */
export interface Books {
  readonly inventory: InventoryReading;
  readonly effects: ReadonlyMap<string, OrderEffects>;
}

const PAGE = 500;

/** Orders that a service may be asked for by name in one request. */
export const MAX_ORDER_IDS = 100;

const count = z.int();
const page = { nextCursor: z.string().optional() };
const heldUntil = {
  expiresAt: z.string().optional(),
  expired: z.boolean().optional(),
  overdue: z.boolean().optional(),
};
const itemsSchema = z.array(z.object({ sku: z.string(), quantity: count }));
const orderBooks = z.object({
  orders: z.array(
    z.object({ orderId: z.string(), status: z.enum(['created', 'cancelled']), amount: moneySchema }),
  ),
  ...page,
});
const inventoryBooks = z.object({
  stock: z.array(z.object({ sku: z.string(), seeded: count, free: count, reserved: count, sold: count })),
  reservations: z.array(
    z.object({
      orderId: z.string(),
      key: z.string().optional(),
      state: z.enum(['held', 'sold', 'released']),
      items: itemsSchema,
      ...heldUntil,
    }),
  ),
  ...page,
});
const paymentBooks = z.object({
  payments: z.array(
    z.object({
      orderId: z.string(),
      currency: z.string(),
      charged: count,
      refunded: count,
      held: count,
      ...heldUntil,
    }),
  ),
  ...page,
});
const shippingBooks = z.object({
  shipments: z.array(z.object({ orderId: z.string(), status: z.enum(['created', 'cancelled']) })),
  ...page,
});

/**
 * Everything on the books of the four services, or what they say of some orders alone.
 *
 * @param orderIds 1 to {@link MAX_ORDER_IDS}.
 * @throws {@link ServiceUnreachableError} when one of them does not answer.
 */
export async function readBooks(sources: BookSources, orderIds?: readonly string[]): Promise<Books> {
  const [orders, inventory, payments, shipments] = await Promise.all([
    readPages(sources.order, orderBooks, orderIds),
    readInventory(sources.inventory, orderIds),
    readPages(sources.payment, paymentBooks, orderIds),
    readPages(sources.shipping, shippingBooks, orderIds),
  ]);
  const effects = new Map<string, MutableEffects>();
  const of = (orderId: string): MutableEffects => {
    let own = effects.get(orderId);
    if (own === undefined) effects.set(orderId, (own = noEffects()));
    return own;
  };
  for (const row of orders.flatMap((books) => books.orders)) of(row.orderId).orderRows.push(row);
  for (const row of inventory.reservations) of(row.orderId).reservations.push(row);
  for (const row of payments.flatMap((books) => books.payments)) of(row.orderId).payments.push(row);
  for (const row of shipments.flatMap((books) => books.shipments)) of(row.orderId).shipments.push(row);
  return { inventory, effects };
}

export interface OrderPageQuery {
  readonly cursor: string | undefined;
  readonly limit: number;
  readonly unchangedForMs: number;
  readonly changedWithinMs: number;
}

/** One page of the orders that the order service knows. */
export async function readOrderPage(
  source: ServiceSource,
  query: OrderPageQuery,
): Promise<{ readonly orderIds: readonly string[]; readonly nextCursor?: string | undefined }> {
  const { orders, nextCursor } = await readService(source, '/books', { ...query }, orderBooks);
  return { orderIds: orders.map(({ orderId }) => orderId), nextCursor };
}

/** The inventory service's books alone. */
export async function readInventory(
  source: ServiceSource,
  orderIds?: readonly string[],
): Promise<InventoryReading> {
  const pages = await readPages(source, inventoryBooks, orderIds);
  return {
    before: pages[0]?.stock ?? [],
    after: pages.at(-1)?.stock ?? [],
    reservations: pages.flatMap((books) => books.reservations),
  };
}

type MutableEffects = { -readonly [K in keyof OrderEffects]: OrderEffects[K][number][] };

/** The books of an order that no service knows. */
export function noEffects(): MutableEffects {
  return { orderRows: [], reservations: [], payments: [], shipments: [] };
}

async function readPages<T extends { readonly nextCursor?: string | undefined }>(
  source: ServiceSource,
  schema: z.ZodType<T>,
  orderId: readonly string[] | undefined,
): Promise<T[]> {
  const pages: T[] = [];
  const cursors = new Set<string>();
  for (let cursor: string | undefined; ;) {
    const books: T = await readService(source, '/books', { limit: PAGE, cursor, orderId }, schema);
    pages.push(books);
    cursor = books.nextCursor;
    if (cursor === undefined) return pages;
    if (cursors.has(cursor)) {
      throw new ServiceUnreachableError(source.name, source.url, 'its books go in circles');
    }
    cursors.add(cursor);
  }
}
