import type { RawBuilder } from 'kysely';
import { sql } from 'kysely';
import { z } from 'zod';
import { orderIdSchema } from '../domain/order-schema';
import { ProblemError } from '../http/problem';

/** The two columns, together unique, that a listing is sorted by; mostly the first is the order's id. */
export type PagePosition = readonly [string, string];

/** Orders that one page may be asked for by name: their ids fit into a request's head. */
const MAX_ORDER_IDS = 100;

const positionSchema = z.tuple([z.string(), z.string()]);

/**
 * The query of a paginated listing: `limit` 1 to 1,000, 500 by default; `orderId=A&orderId=B` for these orders alone, a
 * single one comes as a string.
 */
export const pageQuerySchema = z.strictObject({
  cursor: z.string().min(1).max(1000).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(500),
  orderId: z
    .preprocess(
      (value) => (typeof value === 'string' ? [value] : value),
      z.array(orderIdSchema).min(1).max(MAX_ORDER_IDS),
    )
    .optional(),
});

export interface PageRequest {
  /** Rows after this position. */
  readonly after: PagePosition;
  readonly limit: number;
  /** Only these orders. */
  readonly orderIds?: readonly string[];
}

/**
 * The position that a query asks to go on from; the first page is what comes after nothing.
 *
 * @throws ProblemError `invalid_request` for a cursor that is not ours.
 */
export function pageRequest(query: z.output<typeof pageQuerySchema>): PageRequest {
  const { cursor, limit, orderId } = query;
  return {
    after: cursor === undefined ? ['', ''] : decodeCursor(cursor),
    limit,
    ...(orderId !== undefined && { orderIds: orderId }),
  };
}

/**
 * One page of `rows`, which were read with a limit of one more than the page's: that one tells that there is more.
 *
 * Keyset pagination: rows that come or go between two pages shift nothing.
 */
export function pageOf<Row>(
  rows: readonly Row[],
  limit: number,
  positionOf: (row: Row) => PagePosition,
): { readonly rows: readonly Row[]; readonly nextCursor?: string } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  if (rows.length <= limit || last === undefined) return { rows: page };
  return { rows: page, nextCursor: encodeCursor(positionOf(last)) };
}

/** The condition that `order_id` is one of a request's orders, where it names some; else true. */
export function ofOrders({ orderIds }: PageRequest): RawBuilder<boolean> {
  return orderIds === undefined ? sql`1 = 1` : sql`order_id in (${sql.join(orderIds)})`;
}

/** `…, nextCursor` where there is one, for a response. */
export function withCursor(page: { readonly nextCursor?: string }): { nextCursor?: string } {
  return page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor };
}

function encodeCursor(position: PagePosition): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

function decodeCursor(cursor: string): PagePosition {
  try {
    return positionSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    const message = 'must be the nextCursor of an earlier page';
    throw new ProblemError('invalid_request', `cursor: ${message}`, {
      errors: [{ field: 'cursor', message }],
    });
  }
}
