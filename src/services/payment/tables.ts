import type { Migration } from 'kysely';
import { sql } from 'kysely';
import type { BarrierTables } from '../barrier/barrier-table';
import { barrierHoldsMigration, barrierMigration } from '../barrier/barrier-table';

/** A payment as it was asked for; what became of it is in the barrier's row of the same key. */
export interface PaymentTable {
  key: string;
  order_id: string;
  amount: number;
  currency: string;
  /** The provider's, once known. */
  payment_id: string | null;
  created_at: number;
  updated_at: number;
}

export interface PaymentTables extends BarrierTables {
  payments: PaymentTable;
}

const payments: Migration = {
  async up(db) {
    await db.schema
      .createTable('payments')
      .addColumn('key', 'varchar(255)', (column) => column.primaryKey())
      .addColumn('order_id', 'varchar(64)', (column) => column.notNull())
      .addColumn('amount', 'bigint', (column) => column.notNull())
      .addColumn('currency', 'varchar(3)', (column) => column.notNull())
      .addColumn('payment_id', 'varchar(64)')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addCheckConstraint('payments_amount', sql`amount > 0`)
      .execute();
    await db.schema.createIndex('payments_order').on('payments').column('order_id').execute();
  },
};

export const paymentMigrations = {
  '001-barrier': barrierMigration,
  '002-payments': payments,
  '003-barrier-holds': barrierHoldsMigration,
};
