import type { Kysely, Migration } from 'kysely';
import { sql } from 'kysely';
import type { BarrierTables } from '../barrier/barrier-table';
import { barrierHoldsMigration, barrierMigration } from '../barrier/barrier-table';
import { SEED } from './seed';

export interface CatalogueTable {
  sku: string;
  name: string;
  /** Minor units of `currency`. */
  price: number;
  currency: string;
}

export interface StockTable {
  sku: string;
  seeded: number;
  free: number;
  /** Held by a TCC try. */
  reserved: number;
  sold: number;
}

export interface ReservationTable {
  /** The idempotency key that made it, and that a release, a confirm or a cancel names. */
  key: string;
  reservation_id: string;
  order_id: string;
  /** `held`: by a TCC try, which is neither confirmed nor cancelled. */
  state: 'held' | 'sold' | 'released';
  /** JSON of the items. */
  items: string;
  /** Of what was ever held: when it was, or would have been, released by itself. */
  expires_at: number | null;
  created_at: number;
  updated_at: number;
}

export interface InventoryTables extends BarrierTables {
  catalogue: CatalogueTable;
  stock: StockTable;
  reservations: ReservationTable;
}

const stock: Migration = {
  async up(db) {
    await db.schema
      .createTable('catalogue')
      .addColumn('sku', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('name', 'varchar(200)', (column) => column.notNull())
      .addColumn('price', 'bigint', (column) => column.notNull())
      .addColumn('currency', 'varchar(3)', (column) => column.notNull())
      .addCheckConstraint('catalogue_price', sql`price >= 0`)
      .execute();
    await db.schema
      .createTable('stock')
      .addColumn('sku', 'varchar(64)', (column) => column.primaryKey().references('catalogue.sku'))
      .addColumn('seeded', 'bigint', (column) => column.notNull())
      .addColumn('free', 'bigint', (column) => column.notNull())
      .addColumn('reserved', 'bigint', (column) => column.notNull())
      .addColumn('sold', 'bigint', (column) => column.notNull())
      .addCheckConstraint('stock_not_negative', sql`free >= 0 and reserved >= 0 and sold >= 0`)
      .addCheckConstraint('stock_conserved', sql`free + reserved + sold = seeded`)
      .execute();
    await db.schema
      .createTable('reservations')
      .addColumn('key', 'varchar(255)', (column) => column.primaryKey())
      .addColumn('reservation_id', 'varchar(64)', (column) => column.notNull().unique())
      .addColumn('order_id', 'varchar(64)', (column) => column.notNull())
      .addColumn('state', 'varchar(16)', (column) => column.notNull())
      .addColumn('items', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addCheckConstraint('reservations_state', sql`state in ('sold', 'released')`)
      .execute();
    await db.schema
      .createIndex('reservations_order')
      .on('reservations')
      .columns(['order_id', 'key'])
      .unique()
      .execute();
  },
};

/** A migration, so that it happens once in the life of a database: a restart brings no sold unit back. */
const seed: Migration = {
  async up(db: Parameters<Migration['up']>[0]) {
    for (const { sku, name, price, units } of SEED) {
      await db.insertInto('catalogue').values({ sku, name, price, currency: 'EUR' }).execute();
      await db
        .insertInto('stock')
        .values({ sku, seeded: units, free: units, reserved: 0, sold: 0 })
        .execute();
    }
  },
};

/** Makes room for holds. SQLite changes no CHECK of a table that is there: its rows move into another. */
const holds: Migration = {
  async up(db: Kysely<InventoryTables & { reservations_with_holds: ReservationTable }>) {
    await db.schema
      .createTable('reservations_with_holds')
      .addColumn('key', 'varchar(255)', (column) => column.primaryKey())
      .addColumn('reservation_id', 'varchar(64)', (column) => column.notNull().unique())
      .addColumn('order_id', 'varchar(64)', (column) => column.notNull())
      .addColumn('state', 'varchar(16)', (column) => column.notNull())
      .addColumn('items', 'text', (column) => column.notNull())
      .addColumn('expires_at', 'bigint')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addCheckConstraint('reservations_state', sql`state in ('held', 'sold', 'released')`)
      .addCheckConstraint('reservations_expiry', sql`state <> 'held' or expires_at is not null`)
      .execute();
    const columns = [
      'key',
      'reservation_id',
      'order_id',
      'state',
      'items',
      'created_at',
      'updated_at',
    ] as const;
    await db
      .insertInto('reservations_with_holds')
      .columns(columns)
      .expression(db.selectFrom('reservations').select(columns))
      .execute();
    await db.schema.dropTable('reservations').execute();
    await db.schema.alterTable('reservations_with_holds').renameTo('reservations').execute();
    await db.schema
      .createIndex('reservations_order')
      .on('reservations')
      .columns(['order_id', 'key'])
      .unique()
      .execute();
  },
};

export const inventoryMigrations = {
  '001-barrier': barrierMigration,
  '002-stock': stock,
  '003-seed': seed,
  '004-barrier-holds': barrierHoldsMigration,
  '005-reservations-holds': holds,
};
