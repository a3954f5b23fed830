import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { latestRuns } from '../latest-runs';
import type { OrderSummary } from '../order-summary';
import { orderSummary } from '../order-summary';
import { temporalError } from '../temporal-calls';
import { ordersQuery } from '../visibility-query';

const PAGE = 1000;

/** Every order that Temporal lists; of an order with several runs, the last. */
export async function listEveryOrder(client: Client): Promise<Map<string, OrderSummary>> {
  const runs: WorkflowExecutionInfo[] = [];
  try {
    for await (const info of client.workflow.list({ query: ordersQuery(), pageSize: PAGE })) runs.push(info);
  } catch (error) {
    throw temporalError(error);
  }
  return new Map(
    latestRuns(runs)
      .map(orderSummary)
      .map((summary) => [summary.orderId, summary]),
  );
}
