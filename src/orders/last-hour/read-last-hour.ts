import type { Client } from '@temporalio/client';
import type { OrderStatus } from '../../domain/order';
import { forEachBounded } from '../for-each-bounded';
import { NoWorkerError, undefinedWhenGone } from '../errors';
import type { OrderClient } from '../order-client';
import { orderSummary } from '../order-summary';
import type { OrderSummary } from '../order-summary';
import { temporalError } from '../temporal-calls';
import { ordersQuery } from '../visibility-query';
import type { LastHourFacts } from './signals';

const HOUR_MS = 3_600_000;

/** How many orders are looked at for what counting does not say, the newest first. */
export interface LastHourBounds {
  /** For how long they took: a request for all of them. @default 1000 */
  readonly durations?: number;
  /** For what became of their compensations: requests for each of them. @default 200 */
  readonly compensations?: number;
}

interface Source {
  readonly client: Client;
  readonly orders: Pick<OrderClient, 'get'>;
}

/**
 * What became of orders in the last hour, by what Temporal lists, which is about a second late. Counts are exact, however
 * many orders there were.
 *
 * @throws `TemporalUnavailableError`.
 */
export async function readLastHour(
  source: Source,
  { durations = 1_000, compensations = 200 }: LastHourBounds = {},
): Promise<LastHourFacts> {
  const since = `'${new Date(Date.now() - HOUR_MS).toISOString()}'`;
  const ended = (status?: OrderStatus) =>
    `${ordersQuery({ status })} AND ExecutionStatus = 'Completed' AND CloseTime >= ${since}`;
  const begun = (status: OrderStatus) => `${ordersQuery({ status })} AND StartTime >= ${since}`;
  const count = async (query: string) => (await source.client.workflow.count(query)).count;
  try {
    const [completed, failed, cancelled, compensating, parked, waiting] = await Promise.all([
      count(ended('completed')),
      count(ended('failed')),
      count(ended('cancelled')),
      count(begun('compensating')),
      count(begun('needs_attention')),
      count(ordersQuery({ status: 'needs_attention' })),
    ]);
    const newest = await newestOf(source.client, ended(), durations);
    const queries = [begun('needs_attention'), ended('failed'), ended('cancelled')];
    return {
      ended: { completed, failed, cancelled },
      unfinished: compensating + parked,
      compensations: await compensationsOf(source, {
        queries,
        of: parked + failed + cancelled,
        compensations,
      }),
      seconds: {
        of: completed + failed + cancelled,
        read: newest.length,
        values: newest.map(secondsOf),
      },
      waiting,
    };
  } catch (error) {
    throw temporalError(error);
  }
}

/** The newest `most` orders that Temporal lists. */
async function newestOf(client: Client, query: string, most: number): Promise<OrderSummary[]> {
  const found: OrderSummary[] = [];
  for await (const info of client.workflow.list({ query, pageSize: most })) {
    if (found.length === most) break;
    found.push(orderSummary(info));
  }
  return found;
}

function secondsOf({ createdAt, closedAt = createdAt }: OrderSummary): number {
  return (Date.parse(closedAt) - Date.parse(createdAt)) / 1000;
}

async function compensationsOf(
  { client, orders }: Source,
  { queries, of, compensations }: { queries: readonly string[]; of: number; compensations: number },
): Promise<LastHourFacts['compensations']> {
  const lists = await Promise.all(queries.map((query) => newestOf(client, query, compensations)));
  const newest = lists
    .flat()
    .sort((a, b) => Date.parse(b.closedAt ?? b.createdAt) - Date.parse(a.closedAt ?? a.createdAt))
    .slice(0, compensations);
  const states = { done: 0, failed: 0 };
  const look = async ({ orderId }: OrderSummary) => {
    const order = await orders.get(orderId).catch(undefinedWhenGone);
    for (const { state } of order?.compensations ?? []) {
      if (state === 'done') states.done += 1;
      // What somebody gave up had failed.
      if (state === 'failed' || state === 'skipped') states.failed += 1;
    }
  };
  try {
    await forEachBounded(newest, look);
    return { ...states, of, read: newest.length };
  } catch (error) {
    // Only a worker knows what became of an order that is not over.
    if (error instanceof NoWorkerError) return undefined;
    throw error;
  }
}
