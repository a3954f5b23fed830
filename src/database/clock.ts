import type { QueryExecutorProvider, RawBuilder } from 'kysely';
import { PostgresAdapter, sql } from 'kysely';

/**
 * The moment at which the statement runs, in ms since 1970, by the database's clock: the one clock that all
 * processes of a service have in common, wherever they run.
 *
 * A subquery, because PostgreSQL looks up no index by a function that changes while the statement runs.
 */
export function databaseNow(db: QueryExecutorProvider): RawBuilder<number> {
  return db.getExecutor().adapter instanceof PostgresAdapter
    ? sql<number>`(select cast(date_part('epoch', clock_timestamp()) * 1000 as bigint))`
    : sql<number>`(select cast(unixepoch('subsec') * 1000 as integer))`;
}
