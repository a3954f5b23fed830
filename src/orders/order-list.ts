import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { z } from 'zod';
import { ORDER_STATUSES } from '../domain/order';
import type { OrderStatus } from '../domain/order';
import { InvalidOrderError } from './errors';
import { withoutSucceeded } from './latest-runs';
import { orderSummary } from './order-summary';
import type { OrderSummary } from './order-summary';
import { ordersQuery } from './visibility-query';
import type { OrderFilter } from './visibility-query';

export interface OrderListRequest extends OrderFilter {
  /** 1 to {@link MAX_PAGE}. @default 20 */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

export interface OrderPage {
  /** Newest first. */
  readonly orders: readonly OrderSummary[];
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

export const DEFAULT_PAGE = 20;
export const MAX_PAGE = 1000;

/** How a page is looked for among very many orders. */
export interface WindowSize {
  /** First look back, ms; it grows until the page is full. */
  readonly firstMs: number;
  /** A window with more orders than this is narrowed before it is read. */
  readonly maxOrders: number;
}

const WINDOW: WindowSize = { firstMs: 60_000, maxOrders: 4 * MAX_PAGE };
const WINDOW_GROWTH = 8;

/** The start of an order, as far as its place in the list goes; equal times are told apart by the run. */
interface Position {
  readonly startedAt: number;
  readonly runId: string;
}

/**
 * One page of the orders that match, by start, newest first; one that the guardian took over is where it did so. A page
 * may be shorter than asked for.
 *
 * Temporal's SQL stores cannot order by start: they give what runs first, then by end. So a page is read from
 * a window of start times that is known, by counting, to hold enough and not too much.
 *
 * @throws {@link InvalidOrderError} for a cursor that this did not give out.
 */
export async function listOrders(
  client: Client,
  request: OrderListRequest,
  window: WindowSize = WINDOW,
): Promise<OrderPage> {
  const { limit = DEFAULT_PAGE, cursor } = request;
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  const base =
    ordersQuery(request) + (after === undefined ? '' : ` AND StartTime < ${time(after.startedAt + 1)}`);
  const query = await windowOf(client, base, { ...window, after, wanted: limit + 1 });
  const found: WorkflowExecutionInfo[] = [];
  for await (const info of client.workflow.list({ query, pageSize: MAX_PAGE })) found.push(info);
  const rest = found
    .map((info) => ({ info, position: { startedAt: info.startTime.getTime(), runId: info.runId } }))
    .filter(({ position }) => after === undefined || newestFirst(after, position) < 0)
    .sort((a, b) => newestFirst(a.position, b.position));
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return {
    orders: (await withoutSucceeded(client, page.map(infoOf))).map(orderSummary),
    ...(last !== undefined && rest.length > limit && { nextCursor: encodeCursor(last.position) }),
  };
}

/** How many orders are in each state, of one customer if one is named. */
export async function countOrders(
  client: Client,
  filter: Pick<OrderFilter, 'customerId'>,
): Promise<Record<OrderStatus, number>> {
  const counts = await Promise.all(
    ORDER_STATUSES.map(async (status) => {
      const { count } = await client.workflow.count(ordersQuery({ ...filter, status }));
      return [status, count] as const;
    }),
  );
  return Object.fromEntries(counts) as Record<OrderStatus, number>;
}

/** `base`, narrowed to the newest orders of it: at least `wanted`, or all there are. */
async function windowOf(
  client: Client,
  base: string,
  search: WindowSize & { readonly after: Position | undefined; readonly wanted: number },
): Promise<string> {
  const { after, firstMs, maxOrders } = search;
  const count = async (query: string) => (await client.workflow.count(query)).count;
  const since = (from: number) => `${base} AND StartTime >= ${time(from)}`;
  if ((await count(base)) <= maxOrders) return base;
  const newest = after?.startedAt ?? Date.now();
  // Those that started in the cursor's own millisecond may all have been given out already.
  const wanted = search.wanted + (after === undefined ? 0 : await count(since(after.startedAt)));
  let tooFew = newest;
  let from = newest - firstMs;
  let size = await count(since(from));
  for (let span = firstMs; size < wanted && from > 0;) {
    span *= WINDOW_GROWTH;
    tooFew = from;
    from = Math.max(0, newest - span);
    size = await count(since(from));
  }
  while (size > maxOrders && tooFew - from > 1) {
    const middle = Math.floor((from + tooFew) / 2);
    const inHalf = await count(since(middle));
    if (inHalf >= wanted) [from, size] = [middle, inHalf];
    else tooFew = middle;
  }
  return since(from);
}

function infoOf({ info }: { readonly info: WorkflowExecutionInfo }): WorkflowExecutionInfo {
  return info;
}

function newestFirst(a: Position, b: Position): number {
  if (a.startedAt !== b.startedAt) return b.startedAt - a.startedAt;
  return a.runId < b.runId ? 1 : a.runId > b.runId ? -1 : 0;
}

function time(ms: number): string {
  return `'${new Date(ms).toISOString()}'`;
}

/** Temporal's times are nanoseconds in 64 bits, and a query asks for the one after the cursor's. */
const LAST_TIME_MS = Number(2n ** 63n / 1_000_000n) - 1;
const cursorSchema = z.tuple([z.int().min(0).max(LAST_TIME_MS), z.string().max(100)]);

function encodeCursor({ startedAt, runId }: Position): string {
  return Buffer.from(JSON.stringify([startedAt, runId])).toString('base64url');
}

function decodeCursor(cursor: string): Position {
  try {
    const [startedAt, runId] = cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { startedAt, runId };
  } catch {
    throw new InvalidOrderError([
      { field: 'cursor', message: 'must be the nextCursor of the page before, as it was given' },
    ]);
  }
}
