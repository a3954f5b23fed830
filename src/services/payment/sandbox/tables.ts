import type { Kysely, Migration } from 'kysely';
import { sql } from 'kysely';
import type { DeclineReason } from '../provider';

export interface ChargeTable {
  /** The caller's idempotency key. */
  key: string;
  order_id: string;
  /**
   * `open`: tried, nothing decided. `authorised`: held; then `charged` when it is captured, or `voided`. `reversed`:
   * undone before anything was taken, a tombstone against a charge that is still under way.
   */
  state: 'open' | 'authorised' | 'charged' | 'declined' | 'refunded' | 'voided' | 'reversed';
  payment_id: string | null;
  reason: DeclineReason | null;
  method: string | null;
  currency: string;
  charged: number;
  refunded: number;
  /** Authorised and neither captured nor voided (TCC). */
  held: number;
  /** Times that the charge was answered with 503. */
  failures: number;
  created_at: number;
  updated_at: number;
}

export interface SandboxTables {
  charges: ChargeTable;
}

const charges: Migration = {
  async up(db) {
    await db.schema
      .createTable('charges')
      .addColumn('key', 'varchar(255)', (column) => column.primaryKey())
      .addColumn('order_id', 'varchar(64)', (column) => column.notNull())
      .addColumn('state', 'varchar(16)', (column) => column.notNull())
      .addColumn('payment_id', 'varchar(64)', (column) => column.unique())
      .addColumn('reason', 'varchar(64)')
      .addColumn('method', 'varchar(64)')
      .addColumn('currency', 'varchar(3)', (column) => column.notNull())
      .addColumn('charged', 'bigint', (column) => column.notNull())
      .addColumn('refunded', 'bigint', (column) => column.notNull())
      .addColumn('held', 'bigint', (column) => column.notNull())
      .addColumn('failures', 'integer', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addCheckConstraint(
        'charges_state',
        sql`state in ('open', 'charged', 'declined', 'refunded', 'reversed')`,
      )
      .addCheckConstraint(
        'charges_amounts',
        sql`charged >= 0 and held >= 0 and refunded >= 0 and refunded <= charged`,
      )
      .addCheckConstraint(
        'charges_refunded',
        sql`(state = 'refunded') = (refunded = charged and charged > 0)`,
      )
      .execute();
    await db.schema.createIndex('charges_order').on('charges').columns(['order_id', 'currency']).execute();
  },
};

/** Makes room for authorisations. SQLite changes no CHECK of a table that is there: its rows move into another. */
const authorisations: Migration = {
  async up(db: Kysely<SandboxTables & { charges_with_holds: ChargeTable }>) {
    await db.schema
      .createTable('charges_with_holds')
      .addColumn('key', 'varchar(255)', (column) => column.primaryKey())
      .addColumn('order_id', 'varchar(64)', (column) => column.notNull())
      .addColumn('state', 'varchar(16)', (column) => column.notNull())
      .addColumn('payment_id', 'varchar(64)', (column) => column.unique())
      .addColumn('reason', 'varchar(64)')
      .addColumn('method', 'varchar(64)')
      .addColumn('currency', 'varchar(3)', (column) => column.notNull())
      .addColumn('charged', 'bigint', (column) => column.notNull())
      .addColumn('refunded', 'bigint', (column) => column.notNull())
      .addColumn('held', 'bigint', (column) => column.notNull())
      .addColumn('failures', 'integer', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addCheckConstraint(
        'charges_state',
        sql`state in ('open', 'authorised', 'charged', 'declined', 'refunded', 'voided', 'reversed')`,
      )
      .addCheckConstraint(
        'charges_amounts',
        sql`charged >= 0 and held >= 0 and refunded >= 0 and refunded <= charged`,
      )
      .addCheckConstraint(
        'charges_refunded',
        sql`(state = 'refunded') = (refunded = charged and charged > 0)`,
      )
      .addCheckConstraint('charges_held', sql`(state = 'authorised') = (held > 0)`)
      .execute();
    const columns = [
      'key',
      'order_id',
      'state',
      'payment_id',
      'reason',
      'method',
      'currency',
      'charged',
      'refunded',
      'held',
      'failures',
      'created_at',
      'updated_at',
    ] as const;
    await db
      .insertInto('charges_with_holds')
      .columns(columns)
      .expression(db.selectFrom('charges').select(columns))
      .execute();
    await db.schema.dropTable('charges').execute();
    await db.schema.alterTable('charges_with_holds').renameTo('charges').execute();
    await db.schema.createIndex('charges_order').on('charges').columns(['order_id', 'currency']).execute();
  },
};

export const sandboxMigrations = { '001-charges': charges, '002-authorisations': authorisations };
