import type { QueryExecutorProvider, RawBuilder } from 'kysely';
import { sql } from 'kysely';
import type { HeldUntil } from '../domain/service-contract';
import { databaseNow } from '../database/clock';

/** Whether a row's `expires_at` is more than `forgottenAfterMs` ago, by the database's clock. */
export function isOverdue(
  db: QueryExecutorProvider,
  forgottenAfterMs: number,
): RawBuilder<boolean | number | null> {
  return sql`expires_at + ${forgottenAfterMs} <= ${databaseNow(db)}`;
}

/** What books say of the end of a hold. */
export function heldUntil(row: { expires_at: number | null; overdue: boolean | number | null }): HeldUntil {
  if (row.expires_at === null) return {};
  return { expiresAt: new Date(row.expires_at).toISOString(), overdue: Boolean(row.overdue) };
}
