import type { Migration, Selectable } from 'kysely';
import { sql } from 'kysely';

/**
 * What has become of a key.
 *
 * ```text
 *  action:        pending ──▶ done ─────────▶ compensated        compensation:   pending ──▶ done
 *                    │  ╲      │ ▲                ▲
 *                    │   ╲     ▼ │                │
 *                    │    ╲▶ compensating ────────┤
 *                    ▼                            ▼
 *                 refused                       voided ◀── (undone before it arrived)
 * ```
 *
 * `pending` and `compensating` are only ever committed for effects outside of the database (a payment
 * provider). `compensated`: happened and was undone. `voided`: did not happen and never will.
 */
export type BarrierState = 'pending' | 'done' | 'refused' | 'compensating' | 'compensated' | 'voided';

export interface BarrierTable {
  key: string;
  kind: 'action' | 'compensation';
  state: BarrierState;
  order_id: string;
  /** Hash of route and payload; null for an action that was undone before it arrived. */
  fingerprint: string | null;
  /** The action's key, on a compensation. */
  compensates: string | null;
  /** The answer, as JSON, that every duplicate gets again. */
  status: number | null;
  body: string | null;
  /** Milliseconds since 1970. */
  created_at: number;
  updated_at: number;
}

export interface BarrierTables {
  barrier: BarrierTable;
}

export type BarrierRow = Selectable<BarrierTable>;

/** The barrier's table, in the service's own database: that is what makes effect and key one transaction. */
export const barrierMigration: Migration = {
  async up(db) {
    await db.schema
      .createTable('barrier')
      .addColumn('key', 'varchar(255)', (column) => column.primaryKey())
      .addColumn('kind', 'varchar(16)', (column) => column.notNull())
      .addColumn('state', 'varchar(16)', (column) => column.notNull())
      .addColumn('order_id', 'varchar(64)', (column) => column.notNull())
      .addColumn('fingerprint', 'varchar(64)')
      .addColumn('compensates', 'varchar(255)')
      .addColumn('status', 'integer')
      .addColumn('body', 'text')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addCheckConstraint(
        'barrier_state',
        sql`(kind = 'action' and state in ('pending', 'done', 'refused', 'compensating', 'compensated', 'voided'))
            or (kind = 'compensation' and state in ('pending', 'done'))`,
      )
      .addCheckConstraint(
        'barrier_answer',
        sql`state not in ('done', 'refused') or (status is not null and body is not null)`,
      )
      .execute();
    await db.schema.createIndex('barrier_order').on('barrier').column('order_id').execute();
  },
};
