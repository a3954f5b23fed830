import type { QueryExecutorProvider, RawBuilder } from 'kysely';
import { sql } from 'kysely';
import type { HeldUntil } from '../domain/service-contract';
import { databaseNow } from '../database/clock';

/** Whether a row's `expires_at` is more than `ms` ago, by the database's clock. */
export function isOverSince(db: QueryExecutorProvider, ms: number): RawBuilder<boolean | number | null> {
  return sql`expires_at + ${ms} <= ${databaseNow(db)}`;
}

interface HeldRow {
  readonly expires_at: number | null;
  readonly expired: boolean | number | null;
  readonly overdue: boolean | number | null;
}

/** What books say of the end of a hold. */
export function heldUntil({ expires_at: expiresAt, expired, overdue }: HeldRow): HeldUntil {
  if (expiresAt === null) return {};
  return {
    expiresAt: new Date(expiresAt).toISOString(),
    expired: Boolean(expired),
    overdue: Boolean(overdue),
  };
}
