import { ROOT_CONTEXT } from '@opentelemetry/api';
import type { Tracer } from '@opentelemetry/api';
import { Client } from '@temporalio/client';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
} from '@temporalio/common';
import { orderWorkflowId } from '../domain/ids';
import type { OrderMemo, SettlementMemo } from '../orders/order-summary';
import { ATTR } from '../telemetry/semconv';
import { StartTracing } from '../telemetry/client-interceptor';
import type { SettlementInput } from '../workflows/definitions';
import { ORDERS_TASK_QUEUE, SEARCH_ATTRIBUTES, SETTLEMENT_WORKFLOW_TYPE } from '../workflows/definitions';
import type { StartHeaders } from './order-past';

/** An order to settle. */
export interface Settlement {
  readonly input: SettlementInput;
  /** What the order's own workflow carried for readers. */
  readonly memo: Partial<OrderMemo>;
  /** What its start carried, and with it its trace; undefined when nobody knows. */
  readonly headers?: StartHeaders | undefined;
}

export interface SettleDeps {
  readonly client: Client;
  readonly tracer: Tracer;
}

/** Root of the trace of an order whose own is not known any more. */
const LOST_ORDER_SPAN = 'Guardian: lost order';

/**
 * Starts the settlement of an order under the order's own workflow id, in its trace; says whether it did.
 *
 * Temporal itself decides whether there is anything to settle, in the moment of the start: not while a run of the order
 * is open, and not after one that has ended well. So any number of guardians settle an order once.
 */
export async function settle(settlement: Settlement, deps: SettleDeps): Promise<boolean> {
  const { headers } = settlement;
  if (headers !== undefined) return start(settlement, deps, [inTraceOf(headers)]);
  const { orderId } = settlement.input.order;
  const options = { root: true, attributes: { [ATTR.orderId]: orderId } };
  return deps.tracer.startActiveSpan(LOST_ORDER_SPAN, options, ROOT_CONTEXT, async (span) => {
    try {
      const { traceId } = span.spanContext();
      const memo = { ...settlement.memo, traceId };
      return await start({ ...settlement, memo }, deps, [new StartTracing({ tracer: deps.tracer })]);
    } finally {
      span.end();
    }
  });
}

async function start(
  { input, memo }: Settlement,
  { client }: SettleDeps,
  interceptors: WorkflowClientInterceptor[],
): Promise<boolean> {
  const { order, amount, settlement, createdAt, completed } = input;
  const { orderId, transaction, customerId } = order;
  const carried: SettlementMemo = {
    ...memo,
    amount,
    transaction,
    settlement,
    ...(createdAt !== undefined && { createdAt }),
  };
  const { connection, options } = client;
  const starter = new Client({
    connection,
    namespace: options.namespace,
    dataConverter: options.dataConverter,
    interceptors: { workflow: interceptors },
  });
  try {
    await starter.workflow.start(SETTLEMENT_WORKFLOW_TYPE, {
      workflowId: orderWorkflowId(orderId),
      taskQueue: ORDERS_TASK_QUEUE,
      args: [input],
      memo: { ...carried },
      typedSearchAttributes: [
        { key: SEARCH_ATTRIBUTES.orderStatus, value: completed ? 'running' : 'compensating' },
        { key: SEARCH_ATTRIBUTES.customerId, value: customerId },
      ],
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

/** The run becomes a sibling of the order's own: both are below the span that started the order. */
function inTraceOf(headers: StartHeaders): WorkflowClientInterceptor {
  return {
    startWithDetails: (input, next) => next({ ...input, headers: { ...input.headers, ...headers } }),
  };
}
