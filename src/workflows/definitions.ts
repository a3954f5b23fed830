import type { SpanContext } from '@opentelemetry/api';
import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Money } from '../domain/money';
import type { Order, OrderContent, OrderSettlement, OrderView } from '../domain/order';
import type { CompensationName, StepName } from '../domain/steps';
import type { SagaPolicies } from '../saga/policy';
import type { PastStep } from '../saga/state';

/** Everything that client and workflow must agree on: types, names, handlers. */

/** The task queue that workers poll. */
export const ORDERS_TASK_QUEUE = 'orders';

/** Workflow type of an order, by its kind of transaction. */
export const ORDER_WORKFLOW_TYPES = { saga: 'orderSaga', tcc: 'orderTcc' } as const;

/** Workflow type of the guardian's clean-up of an order whose own workflow is gone; it has that one's id. */
export const SETTLEMENT_WORKFLOW_TYPE = 'orderSettlement';

/** Every type of workflow that is an order's; the latest run says how the order stands. */
export const ALL_ORDER_WORKFLOW_TYPES: readonly string[] = [
  ...Object.values(ORDER_WORKFLOW_TYPES),
  SETTLEMENT_WORKFLOW_TYPE,
];

/** The scheduled workflow that finds orders whose own workflow is gone. */
export const GUARDIAN_WORKFLOW_TYPE = 'guardian';

/** Input of {@link ORDER_WORKFLOW_TYPES}: a validated order, what it was quoted, and the policies in force. */
export interface OrderWorkflowInput {
  readonly order: Order;
  /** The catalogue's price when the order was accepted; another price at reservation refuses the order. */
  readonly amount: Money;
  readonly policies: SagaPolicies;
}

/** What is known of a step of an order whose workflow is gone. */
export interface AbandonedStep extends PastStep {
  readonly step: StepName;
  /** The step's span, or that of its phase. */
  readonly span?: SpanContext;
  /** Who had given up undoing it. */
  readonly skipped?: { readonly by: string; readonly reason: string };
}

/** Input of {@link SETTLEMENT_WORKFLOW_TYPE}: holds no name, address or token. */
export interface SettlementInput {
  readonly order: OrderContent;
  readonly amount: Money;
  readonly policies: SagaPolicies;
  /** When the order was accepted, where that is known. */
  readonly createdAt?: string;
  readonly settlement: Omit<OrderSettlement, 'startedAt'>;
  /** Every step of the order, in order. */
  readonly steps: readonly AbandonedStep[];
  /** Every effect stands, and nobody wanted it undone: it is completed, not undone. */
  readonly completed: boolean;
  readonly paymentId?: string;
  readonly shipmentId?: string;
}

/** What one look of the guardian has come to. */
export interface GuardianReport {
  /** Orders that it took over. */
  readonly settled: number;
  /** Orders that it could not take over; the next look tries again. */
  readonly failed: number;
  /** Where in the books the next look goes on; absent when it starts over. */
  readonly cursor?: string;
}

/** What the guardian calls. */
export interface GuardianActivities {
  /** Takes over every order whose workflow is gone, as far as one look comes. */
  settleAbandonedOrders(from: { readonly cursor?: string }): Promise<GuardianReport>;
}

/** The whole order at this moment. */
export const orderStatusQuery = defineQuery<OrderView>('orderStatus');

/** Answers with the order once its payment is taken, or it is known that it will not be. */
export const paymentTakenUpdate = defineUpdate<OrderView>('paymentTaken');

export interface CancelRequest {
  readonly by: string;
  readonly reason?: string;
}

/** Undo whatever was done. Ignored once the order is final. */
export const cancelOrderSignal = defineSignal<[CancelRequest]>('cancelOrder');

export interface RetryCompensationRequest {
  /** Omitted: every compensation that failed. */
  readonly step?: CompensationName;
  readonly by: string;
  /** For the record. */
  readonly reason?: string;
}

/** Try a parked order's failed compensations again; refused when the order is not parked. */
export const retryCompensationUpdate = defineUpdate<OrderView, [RetryCompensationRequest]>(
  'retryCompensation',
);

export interface SkipCompensationRequest {
  readonly step: CompensationName;
  readonly by: string;
  readonly reason: string;
}

/** Give up one failed compensation of a parked order: somebody settled it by other means. */
export const skipCompensationUpdate = defineUpdate<OrderView, [SkipCompensationRequest]>('skipCompensation');

/** Custom search attributes, kept current by the workflow. */
export const SEARCH_ATTRIBUTES = {
  orderStatus: defineSearchAttributeKey('OrderStatus', SearchAttributeType.KEYWORD),
  customerId: defineSearchAttributeKey('CustomerId', SearchAttributeType.KEYWORD),
} as const;
