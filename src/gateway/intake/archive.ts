import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { OrderView } from '../../domain/order';
import { isOver } from '../../orders/order-summary';
import type { InterruptedOrder, OrderSummary } from '../../orders/order-summary';
import { stored } from './stored';
import type { GatewayTables } from './tables';

/** What an order came to: the whole of it, or what Temporal knew of one that was interrupted. */
export type ArchivedOutcome = OrderView | InterruptedOrder;

export interface ArchivedOrder {
  readonly fingerprint: string;
  /** Undefined when it is not known yet, or the order was forgotten by Temporal before anybody asked. */
  readonly outcome: ArchivedOutcome | undefined;
}

/** Longest time after which an order is asked about again, ms: far below any retention time. */
const MAX_PAUSE_MS = 3_600_000;

/** Remembers what this gateway's orders came to, for longer than Temporal does. */
export class OrderArchive {
  constructor(private readonly db: Kysely<GatewayTables>) {}

  /** Notes that the order has been started; once is enough. */
  async started(orderId: string, fingerprint: string): Promise<void> {
    const now = Date.now();
    await stored(
      this.db
        .insertInto('archive')
        .values({ order_id: orderId, fingerprint, outcome: null, created_at: now, checked_at: now })
        .onConflict((conflict) => conflict.column('order_id').doNothing())
        .execute(),
    );
  }

  /** Keeps the outcome of an order that was {@link started} here; that of one that is not over is none. */
  async keep(order: OrderView | OrderSummary): Promise<void> {
    if (!isOver(order)) return;
    await stored(
      this.db
        .updateTable('archive')
        .set({ outcome: JSON.stringify(order) })
        .where('order_id', '=', order.orderId)
        .where('outcome', 'is', null)
        .execute(),
    );
  }

  async find(orderId: string): Promise<ArchivedOrder | undefined> {
    const row = await stored(
      this.db
        .selectFrom('archive')
        .select(['fingerprint', 'outcome'])
        .where('order_id', '=', orderId)
        .executeTakeFirst(),
    );
    if (row === undefined) return undefined;
    return {
      fingerprint: row.fingerprint,
      outcome: row.outcome === null ? undefined : (JSON.parse(row.outcome) as ArchivedOutcome),
    };
  }

  /**
   * Up to `limit` orders whose outcome is not known and that are due to be asked about at `now`, those first that were
   * asked about longest ago; notes the asking. The pauses double with the age of the order: those that last long are
   * asked about little.
   */
  async due(now: number, limit: number): Promise<string[]> {
    const rows = await stored(
      this.db
        .selectFrom('archive')
        .select('order_id')
        .where('outcome', 'is', null)
        .where((eb) =>
          eb('checked_at', '<', now - MAX_PAUSE_MS).or(sql<number>`2 * checked_at - created_at`, '<', now),
        )
        .orderBy('checked_at')
        .orderBy('order_id')
        .limit(limit)
        .execute(),
    );
    const ids = rows.map((row) => row.order_id);
    if (ids.length > 0) {
      await stored(
        this.db.updateTable('archive').set({ checked_at: now }).where('order_id', 'in', ids).execute(),
      );
    }
    return ids;
  }
}
