import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { UpdateDefinition } from '@temporalio/common';
import { ORDER_ID_PATTERN, orderWorkflowId } from '../domain/ids';
import type { OrderView } from '../domain/order';
import type { SagaPolicies } from '../saga/policy';
import type {
  CancelRequest,
  RetryCompensationRequest,
  SkipCompensationRequest,
} from '../workflows/definitions';
import {
  cancelOrderSignal,
  orderStatusQuery,
  retryCompensationUpdate,
  skipCompensationUpdate,
} from '../workflows/definitions';
import {
  NoWorkerError,
  OperatorActionRefusedError,
  OrderInterruptedError,
  OrderNotFoundError,
  PastCancellingError,
} from './errors';
import { listOrders } from './order-list';
import type { OrderListRequest, OrderPage } from './order-list';
import { interruptionOf, orderSummary } from './order-summary';
import type { OrderSummary } from './order-summary';
import type { ServiceSource } from './service-reader';
import { placeOrder } from './place-order';
import type { PlacedOrder } from './place-order';
import { parseOrder } from './quote';
import type { ParsedOrder } from './quote';
import { GRPC, grpcErrorOf, temporalError } from './temporal-calls';

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

const DEFAULT_REQUEST_TIMEOUT_MS = 5_000;

/** How often a wait looks whether the order waits for an operator, ms: only a workflow's end is announced. */
const PARKED_CHECK_MS = 300;

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

  /** {@link start} for what `parseOrder` has found to be well-formed. */
  async place(parsed: ParsedOrder): Promise<PlacedOrder> {
    return placeOrder(parsed, {
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

  /** What Temporal itself knows of the order: no worker needed, and interrupted ones are no error. */
  async summary(orderId: string): Promise<OrderSummary> {
    return orderSummary(await this.#describe(orderId));
  }

  /** Orders that match, newest first. Temporal shows a change there about a second after it happened. */
  async list(request: OrderListRequest): Promise<OrderPage> {
    return this.#call(() => listOrders(this.#client, request));
  }

  /**
   * Asks that the order be undone; returns once that is recorded, not once it is done.
   *
   * @throws {@link PastCancellingError} when the order is final.
   */
  async cancel(orderId: string, request: CancelRequest): Promise<void> {
    const { status } = await this.summary(orderId);
    const handle = this.#handle(orderId);
    try {
      await this.#call(() => handle.signal(cancelOrderSignal, request));
    } catch (error) {
      // Closed workflows take no signals; that it exists was seen above.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      throw new PastCancellingError(orderId, status);
    }
  }

  /**
   * Has a parked order's failed compensations tried again; the view is that of the moment it was accepted.
   *
   * @throws {@link OperatorActionRefusedError} when the order does not wait for that.
   */
  async retryCompensation(orderId: string, request: RetryCompensationRequest): Promise<OrderView> {
    return this.#update(orderId, retryCompensationUpdate, request);
  }

  /**
   * Gives up one failed compensation of a parked order, on record with who and why.
   *
   * @throws {@link OperatorActionRefusedError} when the order does not wait for that.
   */
  async skipCompensation(orderId: string, request: SkipCompensationRequest): Promise<OrderView> {
    return this.#update(orderId, skipCompensationUpdate, request);
  }

  /**
   * The order once it is final or waits for an operator; undefined when it is still at work after
   * `timeoutMs`.
   */
  async waitForOutcome(orderId: string, timeoutMs: number): Promise<OrderView | undefined> {
    const over = new AbortController();
    const timer = setTimeout(() => {
      over.abort();
    }, timeoutMs);
    try {
      return await Promise.race([
        this.#whenClosed(orderId, over.signal),
        this.#whenParked(orderId, over.signal),
      ]);
    } finally {
      clearTimeout(timer);
      over.abort();
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

  async #whenParked(orderId: string, signal: AbortSignal): Promise<OrderView | undefined> {
    while (!signal.aborted) {
      const { status, closedAt } = await this.summary(orderId);
      if (status === 'needs_attention' && closedAt === undefined) return this.get(orderId);
      await sleep(PARKED_CHECK_MS, undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  }

  async #update<Request>(
    orderId: string,
    update: UpdateDefinition<OrderView, [Request]>,
    request: Request,
  ): Promise<OrderView> {
    const { status, closedAt } = await this.summary(orderId);
    if (closedAt !== undefined) {
      throw new OperatorActionRefusedError(orderId, `it is ${status}: nothing of it waits for an operator`);
    }
    const handle = this.#handle(orderId);
    try {
      return await this.#askWorker(orderId, () => handle.executeUpdate(update, { args: [request] }));
    } catch (error) {
      if (!(error instanceof WorkflowUpdateFailedError)) throw error;
      throw new OperatorActionRefusedError(orderId, error.cause?.message ?? error.message);
    }
  }

  #handle(orderId: string): WorkflowHandle<() => Promise<OrderView>> {
    return this.#client.workflow.getHandle(orderWorkflowId(orderId));
  }

  async #describe(orderId: string): Promise<WorkflowExecutionDescription> {
    // Such an id cannot exist, and Temporal has limits of its own for what it may be asked.
    if (!ORDER_ID_PATTERN.test(orderId)) throw new OrderNotFoundError(orderId.slice(0, 80));
    try {
      return await this.#call(() => this.#handle(orderId).describe());
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw new OrderNotFoundError(orderId);
      throw error;
    }
  }

  /** Temporal has just answered for this order: when this fails for want of an answer, it is the worker's. */
  async #askWorker<T>(orderId: string, request: () => Promise<T>): Promise<T> {
    try {
      return await this.#client.withDeadline(Date.now() + this.#requestTimeoutMs, request);
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
      return await this.#client.withDeadline(Date.now() + this.#requestTimeoutMs, request);
    } catch (error) {
      throw temporalError(error);
    }
  }
}
