import type { Migration } from 'kysely';
import { sql } from 'kysely';

/** An idempotency key, for ever bound to one payload and one order. */
export interface KeyTable {
  /** SHA-256 of customer and key: neither can be read here. */
  key_hash: string;
  /** SHA-256 of the payload that came with it. */
  fingerprint: string;
  order_id: string;
  created_at: number;
}

/** An order that this gateway started: what Temporal forgets after its retention time. */
export interface ArchiveTable {
  order_id: string;
  /** As the workflow's memo has it. */
  fingerprint: string;
  /** JSON of the order once it is over; null until that is known. */
  outcome: string | null;
  created_at: number;
  /** When the outcome was last asked for. */
  checked_at: number;
}

export interface GatewayTables {
  idempotency_keys: KeyTable;
  archive: ArchiveTable;
}

const intake: Migration = {
  async up(db) {
    await db.schema
      .createTable('idempotency_keys')
      .addColumn('key_hash', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('fingerprint', 'varchar(64)', (column) => column.notNull())
      .addColumn('order_id', 'varchar(64)', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('archive')
      .addColumn('order_id', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('fingerprint', 'varchar(64)', (column) => column.notNull())
      .addColumn('outcome', 'text')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('checked_at', 'bigint', (column) => column.notNull())
      .execute();
    // The archive grows for ever, and the sweep looks only for what is not known yet.
    await db.schema
      .createIndex('archive_unsettled')
      .on('archive')
      .columns(['checked_at', 'order_id'])
      .where(sql.ref('outcome'), 'is', null)
      .execute();
  },
};

export const gatewayMigrations = { '001-intake': intake };
