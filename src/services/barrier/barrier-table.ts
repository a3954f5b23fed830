import type { Kysely, Migration, Selectable } from 'kysely';
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
 *
 * A `hold` (a TCC try) is an action that waits, as `done`, for its confirm, its cancel or its expiry; see
 * `hold-barrier.ts` for the states that it has besides. A `confirmation`: pending ──▶ done | refused.
 */
export type BarrierState =
  | 'pending'
  | 'done'
  | 'refused'
  | 'compensating'
  | 'compensated'
  | 'voided'
  | 'confirming'
  | 'confirmed'
  | 'expiring'
  | 'expired';

export interface BarrierTable {
  key: string;
  kind: 'action' | 'compensation' | 'hold' | 'confirmation';
  state: BarrierState;
  order_id: string;
  /** Hash of route and payload; null for an action that was undone before it arrived. */
  fingerprint: string | null;
  /** The action's key, on a compensation; the hold's, on a confirmation. */
  compensates: string | null;
  /** The answer, as JSON, that every duplicate gets again. */
  status: number | null;
  body: string | null;
  /** On a hold that is not settled yet: when its service settles it by itself, by the database's clock. */
  expires_at: number | null;
  /** Milliseconds since 1970, as `expires_at`. */
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

/** Makes room for holds. SQLite changes no CHECK of a table that is there: its rows move into another. */
export const barrierHoldsMigration: Migration = {
  async up(db: Kysely<BarrierTables & { barrier_with_holds: BarrierTable }>) {
    await db.schema
      .createTable('barrier_with_holds')
      .addColumn('key', 'varchar(255)', (column) => column.primaryKey())
      .addColumn('kind', 'varchar(16)', (column) => column.notNull())
      .addColumn('state', 'varchar(16)', (column) => column.notNull())
      .addColumn('order_id', 'varchar(64)', (column) => column.notNull())
      .addColumn('fingerprint', 'varchar(64)')
      .addColumn('compensates', 'varchar(255)')
      .addColumn('status', 'integer')
      .addColumn('body', 'text')
      .addColumn('expires_at', 'bigint')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addCheckConstraint(
        'barrier_state',
        sql`(kind in ('action', 'hold')
              and state in ('pending', 'done', 'refused', 'compensating', 'compensated', 'voided'))
            or (kind = 'hold' and state in ('confirming', 'confirmed', 'expiring', 'expired'))
            or (kind = 'compensation' and state in ('pending', 'done'))
            or (kind = 'confirmation' and state in ('pending', 'done', 'refused'))`,
      )
      .addCheckConstraint(
        'barrier_answer',
        sql`state not in ('done', 'refused', 'confirming', 'confirmed')
            or (status is not null and body is not null)`,
      )
      // No hold is without an end that comes by itself, and nothing else has one.
      .addCheckConstraint(
        'barrier_expiry',
        sql`(kind = 'hold' and (expires_at is not null
              or state not in ('pending', 'done', 'confirming', 'expiring')))
            or (kind <> 'hold' and expires_at is null)`,
      )
      .execute();
    const columns = [
      'key',
      'kind',
      'state',
      'order_id',
      'fingerprint',
      'compensates',
      'status',
      'body',
      'created_at',
      'updated_at',
    ] as const;
    await db
      .insertInto('barrier_with_holds')
      .columns(columns)
      .expression(db.selectFrom('barrier').select(columns))
      .execute();
    await db.schema.dropTable('barrier').execute();
    await db.schema.alterTable('barrier_with_holds').renameTo('barrier').execute();
    await db.schema.createIndex('barrier_order').on('barrier').column('order_id').execute();
    await db.schema
      .createIndex('barrier_expiry')
      .on('barrier')
      .columns(['expires_at', 'key'])
      .where(sql.ref('expires_at'), 'is not', null)
      .execute();
  },
};
