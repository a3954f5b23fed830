import type { Migration } from 'kysely';
import { sql } from 'kysely';
import type { BarrierTables } from '../barrier/barrier-table';
import { barrierHoldsMigration, barrierMigration } from '../barrier/barrier-table';

export interface OrderTable {
  order_id: string;
  /** The idempotency key that made it, and that a cancellation names. */
  key: string;
  customer_id: string;
  /** JSON of the items. */
  items: string;
  amount: number;
  currency: string;
  status: 'created' | 'cancelled';
  created_at: number;
  updated_at: number;
}

export interface OrderTables extends BarrierTables {
  orders: OrderTable;
}

const orders: Migration = {
  async up(db) {
    await db.schema
      .createTable('orders')
      .addColumn('order_id', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('key', 'varchar(255)', (column) => column.notNull().unique())
      .addColumn('customer_id', 'varchar(64)', (column) => column.notNull())
      .addColumn('items', 'text', (column) => column.notNull())
      .addColumn('amount', 'bigint', (column) => column.notNull())
      .addColumn('currency', 'varchar(3)', (column) => column.notNull())
      .addColumn('status', 'varchar(16)', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addCheckConstraint('orders_amount', sql`amount >= 0`)
      .addCheckConstraint('orders_status', sql`status in ('created', 'cancelled')`)
      .execute();
  },
};

/** What has changed lately is found without going through all orders there ever were. */
const ordersUpdated: Migration = {
  async up(db) {
    await db.schema.createIndex('orders_updated').on('orders').columns(['updated_at', 'order_id']).execute();
  },
};

export const orderMigrations = {
  '001-barrier': barrierMigration,
  '002-orders': orders,
  '003-barrier-holds': barrierHoldsMigration,
  '004-orders-updated': ordersUpdated,
};
