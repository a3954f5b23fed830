import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Money } from '../domain/money';
import type { Order, OrderView } from '../domain/order';
import type { CompensationName } from '../domain/steps';
import type { SagaPolicies } from '../saga/policy';

/** Everything that client and workflow must agree on: types, names, handlers. */

/** The task queue that workers poll. */
export const ORDERS_TASK_QUEUE = 'orders';

/** Workflow type of an order, by its kind of transaction. */
export const ORDER_WORKFLOW_TYPES = { saga: 'orderSaga', tcc: 'orderTcc' } as const;

/** Input of {@link ORDER_WORKFLOW_TYPES}: a validated order, what it was quoted, and the policies in force. */
export interface OrderWorkflowInput {
  readonly order: Order;
  /** The catalogue's price when the order was accepted; another price at reservation refuses the order. */
  readonly amount: Money;
  readonly policies: SagaPolicies;
}

/** The whole order at this moment. */
export const orderStatusQuery = defineQuery<OrderView>('orderStatus');

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
