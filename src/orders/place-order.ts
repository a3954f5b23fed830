import { trace } from '@opentelemetry/api';
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
} from '@temporalio/common';
import { orderWorkflowId } from '../domain/ids';
import type { Order } from '../domain/order';
import type { SagaPolicies } from '../saga/policy';
import type { OrderWorkflowInput } from '../workflows/definitions';
import { ORDERS_TASK_QUEUE, ORDER_WORKFLOW_TYPES, SEARCH_ATTRIBUTES } from '../workflows/definitions';
import { OrderConflictError, OrderError, OrderNotFoundError } from './errors';
import { orderFingerprint } from './fingerprint';
import { memoOf, orderSummary } from './order-summary';
import type { OrderMemo, OrderSummary } from './order-summary';
import { quoteOrder } from './quote';
import type { ParsedOrder, Quote } from './quote';
import type { ServiceSource } from './service-reader';

/** An order that was accepted; `joined`: it was there before, with the same content. */
export interface PlacedOrder extends OrderSummary {
  readonly joined: boolean;
}

/** What is to be on record before an order starts; returns the order to start, whose id may be another. */
export type BeforeStart = (order: Order) => Promise<Order>;

interface PlaceOrderDeps {
  readonly beforeStart: BeforeStart;
  readonly client: Client;
  readonly inventory: ServiceSource;
  readonly policies: SagaPolicies;
  /** Makes one request of Temporal within the deadline. */
  call<T>(request: () => Promise<T>): Promise<T>;
  describe(orderId: string): Promise<WorkflowExecutionDescription>;
}

/** Prices and starts one order; see `OrderClient.start`. */
export async function placeOrder(parsed: ParsedOrder, deps: PlaceOrderDeps): Promise<PlacedOrder> {
  let quote: Quote;
  try {
    quote = await quoteOrder(parsed, deps.inventory);
  } catch (error) {
    // The same order again finds the order that exists, whatever became of catalogue and prices since.
    const existing = error instanceof OrderError ? await existingOrder(parsed.order, deps) : 'none';
    if (typeof existing === 'string') throw error;
    return existing;
  }
  return startOrJoin({ ...quote, order: await deps.beforeStart(quote.order) }, deps);
}

async function startOrJoin({ order, amount }: Quote, deps: PlaceOrderDeps): Promise<PlacedOrder> {
  const traceId = trace.getActiveSpan()?.spanContext().traceId;
  const memo: OrderMemo = {
    fingerprint: orderFingerprint(order),
    amount,
    ...(traceId !== undefined && { traceId }),
  };
  const input: OrderWorkflowInput = { order, amount, policies: deps.policies };
  const workflowId = orderWorkflowId(order.orderId);
  try {
    const handle = await deps.call(() =>
      deps.client.workflow.start(ORDER_WORKFLOW_TYPES[order.transaction], {
        workflowId,
        taskQueue: ORDERS_TASK_QUEUE,
        args: [input],
        memo: { ...memo },
        typedSearchAttributes: [
          { key: SEARCH_ATTRIBUTES.orderStatus, value: 'running' },
          { key: SEARCH_ATTRIBUTES.customerId, value: order.customerId },
        ],
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
      }),
    );
    return {
      orderId: order.orderId,
      workflowId,
      runId: handle.firstExecutionRunId,
      transaction: order.transaction,
      status: 'running',
      customerId: order.customerId,
      amount,
      ...(traceId !== undefined && { traceId }),
      createdAt: new Date().toISOString(),
      joined: false,
    };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const existing = await existingOrder(order, deps);
    if (typeof existing === 'string') throw new OrderConflictError(order.orderId);
    return existing;
  }
}

/** The order that has this id, when its content is the same. */
async function existingOrder(order: Order, deps: PlaceOrderDeps): Promise<PlacedOrder | 'none' | 'another'> {
  try {
    const description = await deps.describe(order.orderId);
    if (memoOf(description).fingerprint !== orderFingerprint(order)) return 'another';
    return { ...orderSummary(description), joined: true };
  } catch (error) {
    if (error instanceof OrderNotFoundError) return 'none';
    throw error;
  }
}
