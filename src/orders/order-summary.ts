import type { WorkflowExecutionInfo } from '@temporalio/client';
import { orderIdOfWorkflow } from '../domain/ids';
import { moneySchema } from '../domain/order-schema';
import { isFinal, ORDER_STATUSES } from '../domain/order';
import type { OrderSettlement, OrderStatus, OrderView, TransactionKind } from '../domain/order';
import type { Money } from '../domain/money';
import { ORDER_WORKFLOW_TYPES, SEARCH_ATTRIBUTES } from '../workflows/definitions';
import { OrderInterruptedError } from './errors';
import type { Interruption } from './errors';

/** What Temporal itself knows of an order, without asking a worker: a part of `OrderView`, same names. */
export interface OrderSummary {
  readonly orderId: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly transaction: TransactionKind;
  readonly status: OrderStatus;
  readonly customerId: string;
  readonly amount?: Money;
  readonly traceId?: string;
  readonly createdAt: string;
  /** When the workflow ended. */
  readonly closedAt?: string;
  /** The workflow was ended from outside; `status` is what the order had come to by then. */
  readonly interrupted?: Interruption;
  /** The guardian took the order over: this is its run. */
  readonly settlement?: OrderSettlement;
}

/** What is known of an order whose workflow was ended from outside. */
export type InterruptedOrder = OrderSummary & { readonly interrupted: Interruption };

/** What an order's workflow carries for readers, in plain text to everyone: no name, address or token. */
export interface OrderMemo {
  readonly fingerprint: string;
  readonly amount: Money;
  readonly traceId?: string;
}

/** What a settlement carries besides: the order that it settles is another run, or none. */
export interface SettlementMemo extends Partial<OrderMemo> {
  readonly transaction: TransactionKind;
  readonly settlement: Omit<OrderSettlement, 'startedAt'>;
  readonly createdAt?: string;
}

const INTERRUPTIONS: Readonly<Partial<Record<string, Interruption>>> = {
  TERMINATED: 'terminated',
  TIMED_OUT: 'timed_out',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
};

/** How the workflow ended without ending its order; undefined while it runs and when it ended well. */
export function interruptionOf(info: Pick<WorkflowExecutionInfo, 'status'>): Interruption | undefined {
  return INTERRUPTIONS[info.status.name];
}

export function memoOf(info: Pick<WorkflowExecutionInfo, 'memo'>): Partial<OrderMemo & SettlementMemo> {
  const { fingerprint, amount, traceId, transaction, createdAt, settlement } = info.memo ?? {};
  const money = moneySchema.safeParse(amount);
  return {
    ...(typeof fingerprint === 'string' && { fingerprint }),
    ...(money.success && { amount: money.data }),
    ...(typeof traceId === 'string' && { traceId }),
    ...((transaction === 'saga' || transaction === 'tcc') && { transaction }),
    ...(typeof createdAt === 'string' && { createdAt }),
    ...(isSettlement(settlement) && { settlement }),
  };
}

function isSettlement(value: unknown): value is SettlementMemo['settlement'] {
  return typeof value === 'object' && value !== null && 'abandoned' in value;
}

type DescribedWorkflow = Pick<
  WorkflowExecutionInfo,
  'workflowId' | 'runId' | 'type' | 'status' | 'memo' | 'typedSearchAttributes' | 'startTime' | 'closeTime'
>;

export function orderSummary(info: DescribedWorkflow): OrderSummary {
  const { amount, traceId, transaction, createdAt, settlement } = memoOf(info);
  const startedAt = info.startTime.toISOString();
  const interrupted = interruptionOf(info);
  return {
    orderId: orderIdOfWorkflow(info.workflowId),
    workflowId: info.workflowId,
    runId: info.runId,
    transaction: transaction ?? (info.type === ORDER_WORKFLOW_TYPES.tcc ? 'tcc' : 'saga'),
    status: statusOf(info.typedSearchAttributes.get(SEARCH_ATTRIBUTES.orderStatus)),
    customerId: info.typedSearchAttributes.get(SEARCH_ATTRIBUTES.customerId) ?? '',
    ...(amount !== undefined && { amount }),
    ...(traceId !== undefined && { traceId }),
    createdAt: createdAt ?? startedAt,
    ...(info.closeTime !== undefined && { closedAt: info.closeTime.toISOString() }),
    ...(interrupted !== undefined && { interrupted }),
    ...(settlement !== undefined && { settlement: { ...settlement, startedAt } }),
  };
}

export function isInterrupted(order: OrderView | OrderSummary): order is InterruptedOrder {
  return 'interrupted' in order;
}

/** True once nothing more will happen to the order. */
export function isOver(order: OrderView | OrderSummary): boolean {
  return isFinal(order.status) || isInterrupted(order);
}

/** What an order that is over has come to. @throws {@link OrderInterruptedError} when it did not end by itself. */
export function statusAtEnd({ orderId, status, interrupted }: OrderSummary): OrderStatus {
  if (interrupted !== undefined) throw new OrderInterruptedError(orderId, interrupted);
  return status;
}

function statusOf(attribute: string | undefined): OrderStatus {
  return ORDER_STATUSES.find((status) => status === attribute) ?? 'pending';
}
