import type { Kysely } from 'kysely';
import type { HeldUntil, PaymentBooks } from '../../domain/service-contract';
import { heldUntil, isOverSince } from '../held-until';
import type { PageRequest } from '../pagination';
import type { PaymentProvider } from './provider';
import type { PaymentTables } from './tables';

/**
 * One page of the provider's account book, with the end that this service has set to what is held.
 *
 * @param forgottenAfterMs how long after its end a hold that still stands is called overdue.
 */
export async function paymentBooks(
  { db, provider }: { readonly db: Kysely<PaymentTables>; readonly provider: PaymentProvider },
  page: PageRequest,
  forgottenAfterMs: number,
): Promise<PaymentBooks> {
  const books = await provider.books(page);
  const holders = books.payments.filter(({ held }) => held > 0).map(({ orderId }) => orderId);
  if (holders.length === 0) return books;
  const ends = await endsOfHolds(db, holders, forgottenAfterMs);
  return {
    ...books,
    payments: books.payments.map((entry) =>
      entry.held > 0 ? { ...entry, ...ends.get(entry.orderId) } : entry,
    ),
  };
}

/** Of each order the hold that ends first, among those that are not settled. */
async function endsOfHolds(
  db: Kysely<PaymentTables>,
  orderIds: readonly string[],
  forgottenAfterMs: number,
): Promise<ReadonlyMap<string, HeldUntil>> {
  const rows = await db
    .selectFrom('barrier')
    .select(['order_id', 'expires_at'])
    .select([isOverSince(db, 0).as('expired'), isOverSince(db, forgottenAfterMs).as('overdue')])
    .where('order_id', 'in', orderIds)
    .where('expires_at', 'is not', null)
    .orderBy('expires_at', 'desc')
    .execute();
  return new Map(rows.map((row) => [row.order_id, heldUntil(row)]));
}
