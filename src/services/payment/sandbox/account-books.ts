import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { PaymentBooks } from '../../../domain/service-contract';
import type { PageRequest } from '../../pagination';
import { ofOrders, pageOf, withCursor } from '../../pagination';
import type { SandboxTables } from './tables';

/** One page of what was taken, given back and held, summed up per order and currency; orders without any are left out. */
export async function accountBooks(db: Kysely<SandboxTables>, request: PageRequest): Promise<PaymentBooks> {
  const { after, limit } = request;
  const rows = await db
    .selectFrom('charges')
    .select([
      'order_id',
      'currency',
      sql<number>`cast(sum(charged) as bigint)`.as('charged'),
      sql<number>`cast(sum(refunded) as bigint)`.as('refunded'),
      sql<number>`cast(sum(held) as bigint)`.as('held'),
    ])
    .where(sql<boolean>`(order_id, currency) > (${after[0]}, ${after[1]})`)
    .where(ofOrders(request))
    .where(sql<boolean>`(charged > 0 or held > 0)`)
    .groupBy(['order_id', 'currency'])
    .orderBy('order_id')
    .orderBy('currency')
    .limit(limit + 1)
    .execute();
  const page = pageOf(rows, limit, (row) => [row.order_id, row.currency]);
  return {
    payments: page.rows.map((row) => ({
      orderId: row.order_id,
      currency: row.currency,
      charged: row.charged,
      refunded: row.refunded,
      held: row.held,
    })),
    ...withCursor(page),
  };
}
