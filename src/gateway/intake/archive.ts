import type { Kysely } from 'kysely';
import type { OrderView } from '../../domain/order';
import { isFinal } from '../../domain/order';
import type { GatewayTables } from './tables';

export interface ArchivedOrder {
  readonly fingerprint: string;
  /** Undefined when the order was forgotten by Temporal before anybody asked for its outcome. */
  readonly outcome: OrderView | undefined;
}

/** Remembers what this gateway's orders came to, for longer than Temporal does. */
export class OrderArchive {
  constructor(private readonly db: Kysely<GatewayTables>) {}

  /** Notes that the order has been started; once is enough. */
  async started(orderId: string, fingerprint: string): Promise<void> {
    const now = Date.now();
    await this.db
      .insertInto('archive')
      .values({ order_id: orderId, fingerprint, outcome: null, created_at: now, checked_at: now })
      .onConflict((conflict) => conflict.column('order_id').doNothing())
      .execute();
  }

  /** Keeps the outcome of an order that was {@link started} here; one that is not final is none. */
  async keep(order: OrderView): Promise<void> {
    if (!isFinal(order.status)) return;
    await this.db
      .updateTable('archive')
      .set({ outcome: JSON.stringify(order) })
      .where('order_id', '=', order.orderId)
      .where('outcome', 'is', null)
      .execute();
  }

  async find(orderId: string): Promise<ArchivedOrder | undefined> {
    const row = await this.db
      .selectFrom('archive')
      .select(['fingerprint', 'outcome'])
      .where('order_id', '=', orderId)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    return {
      fingerprint: row.fingerprint,
      outcome: row.outcome === null ? undefined : (JSON.parse(row.outcome) as OrderView),
    };
  }

  /** Up to `limit` orders whose outcome is not known, those first that were asked about longest ago; notes the asking. */
  async unsettled(limit: number): Promise<string[]> {
    const rows = await this.db
      .selectFrom('archive')
      .select('order_id')
      .where('outcome', 'is', null)
      .orderBy('checked_at')
      .limit(limit)
      .execute();
    const ids = rows.map((row) => row.order_id);
    if (ids.length > 0) {
      await this.db
        .updateTable('archive')
        .set({ checked_at: Date.now() })
        .where('order_id', 'in', ids)
        .execute();
    }
    return ids;
  }
}
