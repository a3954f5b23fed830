import { upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { OrderActivities } from '../activities/activities';
import type { Money } from '../domain/money';
import type {
  CompensationView,
  OrderContent,
  OrderFailure,
  OrderSettlement,
  OrderStatus,
  OrderView,
  StepView,
} from '../domain/order';
import { STEPS_OF } from '../domain/steps';
import type { Saga } from '../saga/saga';
import type { SagaPhase } from '../saga/state';
import { SEARCH_ATTRIBUTES } from './definitions';

const STATUS_OF_PHASE: Readonly<Record<SagaPhase, OrderStatus>> = {
  running: 'running',
  compensating: 'compensating',
  parked: 'needs_attention',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** What is known of an order from before its workflow's run. */
export interface OrderPast {
  readonly createdAt?: string | undefined;
  readonly settlement?: Omit<OrderSettlement, 'startedAt'>;
}

/** What an order has come to: the one place where its status changes and its view is made. */
export class OrderProgress {
  readonly #createdAt: string;
  readonly #settlement: OrderSettlement | undefined;
  #status: OrderStatus = 'running';
  paymentId: string | undefined;
  shipmentId: string | undefined;
  /** Who asked to cancel, and why. */
  cancellation: { readonly by: string; readonly reason?: string } | undefined;

  constructor(
    readonly order: OrderContent,
    readonly amount: Money,
    { createdAt, settlement }: OrderPast = {},
  ) {
    const startedAt = workflowInfo().startTime.toISOString();
    this.#createdAt = createdAt ?? startedAt;
    this.#settlement = settlement && { ...settlement, startedAt };
  }

  /** Keeps status and search attribute together. */
  enter(phase: SagaPhase): void {
    this.#status = STATUS_OF_PHASE[phase];
    upsertSearchAttributes([{ key: SEARCH_ATTRIBUTES.orderStatus, value: this.#status }]);
  }

  view(saga: Saga<OrderActivities>): OrderView {
    const { order } = this;
    const { workflowId, runId } = workflowInfo();
    const failure = this.#failure(saga);
    return {
      orderId: order.orderId,
      workflowId,
      runId,
      transaction: order.transaction,
      status: this.#status,
      customerId: order.customerId,
      items: order.items,
      amount: this.amount,
      ...(this.paymentId !== undefined && { paymentId: this.paymentId }),
      ...(this.shipmentId !== undefined && { shipmentId: this.shipmentId }),
      traceId: saga.traceId,
      ...(failure !== undefined && { failure }),
      steps: saga.steps as readonly StepView[],
      compensations: saga.compensations as readonly CompensationView[],
      ...(this.#settlement !== undefined && { settlement: this.#settlement }),
      createdAt: this.#createdAt,
      updatedAt: saga.updatedAt,
    };
  }

  #failure({ failure, steps }: Saga<OrderActivities>): OrderFailure | undefined {
    if (failure === undefined) return undefined;
    if (failure.cancelled) {
      const { by, reason } = this.cancellation ?? { by: 'an operator' };
      const message = `Cancelled by ${by}${reason === undefined ? '' : `: ${reason}`}`;
      return { code: 'cancelled', step: null, message };
    }
    const plan = STEPS_OF[this.order.transaction].find(({ name }) => name === failure.step);
    const unknown = steps.some(({ step, state }) => step === failure.step && state === 'unknown');
    const code = unknown && plan !== undefined ? plan.unavailableCode : failure.code;
    return { code, step: plan?.name ?? null, message: failure.message };
  }
}
