import type { Client } from '@temporalio/client';
import type { OrderSummary } from '../order-summary';
import { orderSummary } from '../order-summary';
import { temporalError } from '../temporal-calls';
import { ordersQuery } from '../visibility-query';

/** At most so many requests of Temporal at a time. */
const CONCURRENCY = 20;
const PAGE = 1000;

/** Every order that Temporal lists; of an order with several runs, the last. */
export async function listEveryOrder(client: Client): Promise<Map<string, OrderSummary>> {
  const orders = new Map<string, OrderSummary>();
  try {
    for await (const info of client.workflow.list({ query: ordersQuery(), pageSize: PAGE })) {
      const summary = orderSummary(info);
      const known = orders.get(summary.orderId);
      if (known === undefined || known.createdAt < summary.createdAt) orders.set(summary.orderId, summary);
    }
  } catch (error) {
    throw temporalError(error);
  }
  return orders;
}

/** `work` on each of `inputs`, a bounded number at a time. */
export async function forEachBounded<T>(
  inputs: Iterable<T>,
  work: (input: T) => Promise<void>,
): Promise<void> {
  const queue = inputs[Symbol.iterator]();
  const lane = async () => {
    for (let next = queue.next(); next.done !== true; next = queue.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
}
