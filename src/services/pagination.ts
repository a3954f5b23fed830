import { z } from 'zod';
import { ProblemError } from '../http/problem';

/** The two columns, together unique, that a listing is sorted by; the first is the order's id. */
export type PagePosition = readonly [string, string];

const positionSchema = z.tuple([z.string(), z.string()]);

/** The query of a paginated listing: `limit` 1 to 1,000, 500 by default. */
export const pageQuerySchema = z.strictObject({
  cursor: z.string().min(1).max(1000).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(500),
});

export interface PageRequest {
  /** Rows after this position. */
  readonly after: PagePosition;
  readonly limit: number;
}

/**
 * The position that a query asks to go on from; the first page is what comes after nothing.
 *
 * @throws ProblemError `invalid_request` for a cursor that is not ours.
 */
export function pageRequest(query: z.output<typeof pageQuerySchema>): PageRequest {
  return { after: query.cursor === undefined ? ['', ''] : decodeCursor(query.cursor), limit: query.limit };
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
