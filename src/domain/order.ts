import type { Money } from './money';
import { PAYING_STEP } from './steps';
import type { CompensationName, StepName } from './steps';

export type TransactionKind = 'saga' | 'tcc';

export interface OrderItem {
  readonly sku: string;
  readonly quantity: number;
}

export interface ShippingAddress {
  readonly name: string;
  readonly line1: string;
  readonly line2?: string | undefined;
  readonly city: string;
  readonly postalCode: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
}

/** A validated order as the customer wants it: what `POST /orders` and `orders start` accept, plus its id. */
export interface Order {
  readonly orderId: string;
  readonly customerId: string;
  readonly items: readonly OrderItem[];
  readonly payment: { readonly method: string };
  readonly shippingAddress: ShippingAddress;
  readonly transaction: TransactionKind;
}

/** What an order is about, and whose it is: without what is needed only to carry it out. */
export type OrderContent = Pick<Order, 'orderId' | 'customerId' | 'items' | 'transaction'>;

/**
 * Where an order stands. `failed` and `cancelled` mean that everything was undone; `needs_attention` means
 * that a compensation could not be finished and waits for an operator.
 */
export const ORDER_STATUSES = [
  'pending',
  'running',
  'completed',
  'compensating',
  'cancelled',
  'failed',
  'needs_attention',
] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

const FINAL_STATUSES: ReadonlySet<OrderStatus> = new Set(['completed', 'cancelled', 'failed']);

/** True once nothing more will happen to the order. */
export function isFinal(status: OrderStatus): boolean {
  return FINAL_STATUSES.has(status);
}

export type StepState = 'pending' | 'running' | 'done' | 'failed' | 'unknown' | 'skipped';
export type CompensationState = 'pending' | 'running' | 'done' | 'failed' | 'skipped';

/** One step as a reader sees it. Times are ISO 8601 in UTC. */
export interface StepView {
  readonly step: StepName;
  readonly number: number;
  readonly state: StepState;
  readonly attempts: number;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly error?: string;
}

/** One compensation as a reader sees it; `undoes` names the step. */
export interface CompensationView {
  readonly step: CompensationName;
  readonly undoes: StepName;
  readonly state: CompensationState;
  readonly attempts: number;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly error?: string;
  /** Who gave it up, and why: only when `state` is `skipped`. */
  readonly skippedBy?: string;
  readonly reason?: string;
}

export interface OrderFailure {
  readonly code: string;
  readonly step: StepName | null;
  readonly message: string;
}

/** How an order was left without its workflow: that was ended from outside, or there is none any more. */
export const ABANDONMENTS = ['terminated', 'timed_out', 'failed', 'cancelled', 'lost'] as const;
export type Abandonment = (typeof ABANDONMENTS)[number];

/** What became of the order's workflow, as the end of a sentence about it. */
export const ABANDONED: Readonly<Record<Abandonment, string>> = {
  terminated: 'was terminated',
  timed_out: 'timed out',
  failed: 'failed (a bug, not a refusal)',
  cancelled: 'was cancelled past the order itself',
  lost: 'is lost',
};

/** That the guardian took the order over, because its workflow had not ended it: ADR 10. */
export interface OrderSettlement {
  readonly abandoned: Abandonment;
  /** When the workflow ended; of one that is lost, nobody knows. */
  readonly abandonedAt?: string;
  /** The order's run that was interrupted. */
  readonly runId?: string;
  /** When the guardian took over. */
  readonly startedAt: string;
}

/** An order as JSON: the same from the CLI, the workflow's query and result, and the API. */
export interface OrderView {
  readonly orderId: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly transaction: TransactionKind;
  readonly status: OrderStatus;
  readonly customerId: string;
  readonly items: readonly OrderItem[];
  readonly amount: Money;
  readonly paymentId?: string;
  readonly shipmentId?: string;
  readonly traceId: string;
  readonly failure?: OrderFailure;
  readonly steps: readonly StepView[];
  readonly compensations: readonly CompensationView[];
  readonly settlement?: OrderSettlement;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Whether the customer has paid and nothing of it is being undone. */
export function isPaid({ transaction, status, steps }: OrderView): boolean {
  const paying = steps.find(({ step }) => step === PAYING_STEP[transaction]);
  return paying?.state === 'done' && (status === 'running' || status === 'completed');
}
