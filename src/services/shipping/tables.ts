import type { Migration } from 'kysely';
import { sql } from 'kysely';
import type { BarrierTables } from '../barrier/barrier-table';
import { barrierHoldsMigration, barrierMigration } from '../barrier/barrier-table';

export interface ShipmentTable {
  /** The idempotency key that made it, and that a cancellation names. */
  key: string;
  shipment_id: string;
  order_id: string;
  /** JSON: what to pack. */
  items: string;
  /** JSON: what the label needs. */
  address: string;
  country: string;
  status: 'created' | 'cancelled';
  created_at: number;
  updated_at: number;
}

export interface ShippingTables extends BarrierTables {
  shipments: ShipmentTable;
}

const shipments: Migration = {
  async up(db) {
    await db.schema
      .createTable('shipments')
      .addColumn('key', 'varchar(255)', (column) => column.primaryKey())
      .addColumn('shipment_id', 'varchar(64)', (column) => column.notNull().unique())
      .addColumn('order_id', 'varchar(64)', (column) => column.notNull())
      .addColumn('items', 'text', (column) => column.notNull())
      .addColumn('address', 'text', (column) => column.notNull())
      .addColumn('country', 'varchar(2)', (column) => column.notNull())
      .addColumn('status', 'varchar(16)', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addCheckConstraint('shipments_status', sql`status in ('created', 'cancelled')`)
      .execute();
    await db.schema
      .createIndex('shipments_order')
      .on('shipments')
      .columns(['order_id', 'key'])
      .unique()
      .execute();
  },
};

export const shippingMigrations = {
  '001-barrier': barrierMigration,
  '002-shipments': shipments,
  '003-barrier-holds': barrierHoldsMigration,
};
