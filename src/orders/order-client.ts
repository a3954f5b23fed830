import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { ORDER_ID_PATTERN, orderWorkflowId } from '../domain/ids';
import { isPaid } from '../domain/order';
import type { OrderStatus, OrderView } from '../domain/order';
import type { SagaPolicies } from '../saga/policy';
import type {
  CancelRequest,
  RetryCompensationRequest,
  SkipCompensationRequest,
} from '../workflows/definitions';
import {
  cancelOrderSignal,
  orderStatusQuery,
  paymentTakenUpdate,
  retryCompensationUpdate,
  skipCompensationUpdate,
} from '../workflows/definitions';
import {
  NoWorkerError,
  OrderInterruptedError,
  OrderNotFoundError,
  PastCancellingError,
  undefinedWhenGone,
} from './errors';
import { countOrders, listOrders } from './order-list';
import type { OrderListRequest, OrderPage } from './order-list';
import { interruptionOf, orderSummary, statusAtEnd } from './order-summary';
import type { OrderSummary } from './order-summary';
import { updateOrder } from './order-update';
import type { ActedOrder, ActionOptions } from './order-update';
import type { ServiceSource } from './service-reader';
import { waitForOutcome } from './outcome-wait';
import type { WaitOptions } from './outcome-wait';
import { placeOrder } from './place-order';
import type { BeforeStart, PlacedOrder } from './place-order';
import { parseOrder } from './quote';
import type { ParsedOrder } from './quote';
import { GRPC, TemporalUnavailableError, grpcErrorOf, temporalError, withinDeadline } from './temporal-calls';

export interface OrderClientOptions {
  /** Speaks to Temporal; its interceptors trace the starts. */
  readonly client: Client;
  /** The inventory service, which keeps the catalogue. */
  readonly inventory: ServiceSource;
  /** What new orders run under; orders that run keep theirs. */
  readonly policies: SagaPolicies;
  /** Longest wait for one answer of Temporal or a worker, ms. @default 5000 */
  readonly requestTimeoutMs?: number;
}

/** Orders that wait for an operator. */
export interface WaitingPage {
  readonly orders: readonly OrderView[];
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

const DEFAULT_REQUEST_TIMEOUT_MS = 5_000;

/**
 * Everything that can be done with orders from outside: the CLI's commands and the gateway's routes are thin
 * around it.
 *
 * Every method throws an `OrderError` for what its caller can understand: {@link OrderNotFoundError},
 * {@link NoWorkerError}, {@link OrderInterruptedError}, `TemporalUnavailableError` and those that it names.
 */
export class OrderClient {
  readonly #client: Client;
  readonly #options: OrderClientOptions;
  readonly #requestTimeoutMs: number;

  constructor(options: OrderClientOptions) {
    this.#client = options.client;
    this.#options = options;
    this.#requestTimeoutMs = options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
  }

  /**
   * Starts the order that `input` describes, once: the same id with the same content gives the same order,
   * whatever its state and however often it is asked for. Nothing starts unless everything is valid.
   *
   * @throws `InvalidOrderError` naming every wrong field, `OrderConflictError` when the id goes with other
   * content, `ServiceUnreachableError` when there is no catalogue to price it by.
   */
  async start(input: unknown): Promise<PlacedOrder> {
    return this.place(await parseOrder(input, this.#options.inventory));
  }

  /**
   * {@link start} for what `parseOrder` has found to be well-formed.
   *
   * @param beforeStart is called once the order is priced, before it starts; the order that it returns is started.
   */
  async place(parsed: ParsedOrder, beforeStart?: BeforeStart): Promise<PlacedOrder> {
    return placeOrder(parsed, {
      beforeStart: beforeStart ?? ((order) => Promise.resolve(order)),
      inventory: this.#options.inventory,
      policies: this.#options.policies,
      client: this.#client,
      call: (request) => this.#call(request),
      describe: (orderId) => this.#describe(orderId),
    });
  }

  /** The whole order at this moment: of a final one from its history, of a running one from its worker. */
  async get(orderId: string): Promise<OrderView> {
    const description = await this.#describe(orderId);
    const interruption = interruptionOf(description);
    if (interruption !== undefined) throw new OrderInterruptedError(orderId, interruption);
    const handle = this.#handle(orderId);
    if (description.status.name === 'COMPLETED') return this.#call(() => handle.result());
    return this.#askWorker(orderId, () => handle.query(orderStatusQuery));
  }

  /** The whole order, or what Temporal itself knows of it where no worker answers or it was interrupted. */
  async getOrSummary(orderId: string): Promise<OrderView | OrderSummary> {
    try {
      return await this.get(orderId);
    } catch (error) {
      if (!(error instanceof OrderInterruptedError) && !(error instanceof NoWorkerError)) throw error;
      return this.summary(orderId);
    }
  }

  /** What Temporal itself knows of the order: no worker needed, and interrupted ones are no error. */
  async summary(orderId: string): Promise<OrderSummary> {
    return orderSummary(await this.#describe(orderId));
  }

  /** Orders that match, newest first. Temporal shows a change there about a second after it happened. */
  async list(request: OrderListRequest): Promise<OrderPage> {
    return this.#call(() => listOrders(this.#client, request));
  }

  /** How many orders are in each state, of one customer if one is named. */
  async counts(filter: Pick<OrderListRequest, 'customerId'> = {}): Promise<Record<OrderStatus, number>> {
    return this.#call(() => countOrders(this.#client, filter));
  }

  /** One page of the orders that wait for an operator, whole, newest first. */
  async waiting(request: Omit<OrderListRequest, 'status'> = {}): Promise<WaitingPage> {
    const page = await this.list({ ...request, status: 'needs_attention' });
    const orders: OrderView[] = [];
    for (const { orderId } of page.orders) {
      const order = await this.get(orderId).catch(undefinedWhenGone);
      // The list lags: somebody may have settled it meanwhile.
      if (order?.status === 'needs_attention') orders.push(order);
    }
    return { orders, ...(page.nextCursor !== undefined && { nextCursor: page.nextCursor }) };
  }

  /**
   * Asks that the order be undone; returns once that is recorded, not once it is done.
   *
   * @throws {@link PastCancellingError} when the order is final.
   */
  async cancel(orderId: string, request: CancelRequest): Promise<void> {
    const handle = this.#handle(orderId);
    try {
      await this.#call(() => handle.signal(cancelOrderSignal, request));
    } catch (error) {
      // Closed workflows take no signals, and neither do those that there are not.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      throw new PastCancellingError(orderId, statusAtEnd(await this.summary(orderId)));
    }
  }

  /**
   * Has a parked order's failed compensations tried again; the view is that of the moment it was accepted.
   *
   * @throws {@link OperatorActionRefusedError} when the order does not wait for that.
   */
  async retryCompensation(
    orderId: string,
    request: RetryCompensationRequest,
    options?: ActionOptions,
  ): Promise<OrderView> {
    return updateOrder(this.#acted(orderId), retryCompensationUpdate, request, options);
  }

  /**
   * Gives up one failed compensation of a parked order, on record with who and why.
   *
   * @throws {@link OperatorActionRefusedError} when the order does not wait for that.
   */
  async skipCompensation(
    orderId: string,
    request: SkipCompensationRequest,
    options?: ActionOptions,
  ): Promise<OrderView> {
    return updateOrder(this.#acted(orderId), skipCompensationUpdate, request, options);
  }

  /**
   * The order once it is final or waits for an operator; undefined when it is still at work after `timeoutMs`, or
   * when `signal` ended the wait.
   */
  async waitForOutcome(orderId: string, options: WaitOptions): Promise<OrderView | undefined> {
    return waitForOutcome(
      {
        order: () => this.get(orderId),
        summary: () => this.summary(orderId),
        closed: (signal) => this.#whenClosed(orderId, signal),
      },
      options,
    );
  }

  /**
   * The order as soon as its payment is taken, whatever is still to be done; undefined when it came to something else, when
   * nobody answers, and when the time is up or `signal` ended the wait.
   */
  async untilPaid(orderId: string, { timeoutMs, signal }: WaitOptions): Promise<OrderView | undefined> {
    const over = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]);
    try {
      const handle = this.#handle(orderId);
      const view = await this.#client.withAbortSignal(over, () => handle.executeUpdate(paymentTakenUpdate));
      return isPaid(view) ? view : undefined;
    } catch (error) {
      // It was over before it could answer, or runs on code that does not know the question.
      if (error instanceof WorkflowUpdateFailedError || error instanceof WorkflowNotFoundError)
        return undefined;
      if (over.aborted || temporalError(error) instanceof TemporalUnavailableError) return undefined;
      throw error;
    }
  }

  async #whenClosed(orderId: string, signal: AbortSignal): Promise<OrderView | undefined> {
    const handle = this.#handle(orderId);
    try {
      return await this.#client.withAbortSignal(signal, () => handle.result());
    } catch (error) {
      if (signal.aborted) return undefined;
      // Interrupted: get() says how.
      if (error instanceof WorkflowFailedError) return this.get(orderId);
      if (error instanceof WorkflowNotFoundError) throw new OrderNotFoundError(orderId);
      throw temporalError(error);
    }
  }

  #acted(orderId: string): ActedOrder {
    return {
      orderId,
      handle: this.#handle(orderId),
      summary: () => this.summary(orderId),
      askWorker: (request) => this.#askWorker(orderId, request),
      call: (request) => this.#call(request),
    };
  }

  #handle(orderId: string): WorkflowHandle<() => Promise<OrderView>> {
    // Such an id cannot exist, and Temporal has limits of its own for what it may be asked.
    if (!ORDER_ID_PATTERN.test(orderId)) throw new OrderNotFoundError(orderId.slice(0, 80));
    return this.#client.workflow.getHandle(orderWorkflowId(orderId));
  }

  async #describe(orderId: string): Promise<WorkflowExecutionDescription> {
    const handle = this.#handle(orderId);
    try {
      return await this.#call(() => handle.describe());
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw new OrderNotFoundError(orderId);
      throw error;
    }
  }

  /** Temporal has just answered for this order: when this fails for want of an answer, it is the worker's. */
  async #askWorker<T>(orderId: string, request: () => Promise<T>): Promise<T> {
    try {
      return await withinDeadline(this.#client, this.#requestTimeoutMs, request);
    } catch (error) {
      const grpc = grpcErrorOf(error);
      if (grpc?.code === GRPC.failedPrecondition) throw new NoWorkerError(orderId, grpc.details);
      if (grpc?.code === GRPC.deadlineExceeded || grpc?.code === GRPC.cancelled) {
        throw new NoWorkerError(orderId);
      }
      throw temporalError(error);
    }
  }

  async #call<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await withinDeadline(this.#client, this.#requestTimeoutMs, request);
    } catch (error) {
      throw temporalError(error);
    }
  }
}
