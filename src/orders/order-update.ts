import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { UpdateDefinition } from '@temporalio/common';
import type { OrderView } from '../domain/order';
import { OperatorActionRefusedError } from './errors';
import { statusAtEnd } from './order-summary';
import type { OrderSummary } from './order-summary';
import { GRPC, grpcErrorOf } from './temporal-calls';

/** How an operator's action is told apart from the same one sent again. */
export interface ActionOptions {
  /** The same id is the same action, however often it is sent: it is done once and answered alike. */
  readonly actionId?: string;
}

/** The one order that is acted on, and how it is asked. */
export interface ActedOrder {
  readonly orderId: string;
  readonly handle: WorkflowHandle;
  readonly summary: () => Promise<OrderSummary>;
  /** Makes one request that its worker answers. */
  askWorker<T>(request: () => Promise<T>): Promise<T>;
  /** Makes one request that Temporal answers by itself. */
  call<T>(request: () => Promise<T>): Promise<T>;
}

/** See `OrderClient.retryCompensation`. */
export async function updateOrder<Request>(
  order: ActedOrder,
  update: UpdateDefinition<OrderView, [Request]>,
  request: Request,
  { actionId }: ActionOptions = {},
): Promise<OrderView> {
  const { orderId, handle } = order;
  const { closedAt } = await order.summary();
  try {
    if (closedAt === undefined) {
      return await order.askWorker(() =>
        handle.executeUpdate(update, {
          args: [request],
          ...(actionId !== undefined && { updateId: actionId }),
        }),
      );
    }
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) throw refusedBy(orderId, error);
    // Otherwise it has ended since it was looked at.
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
  return outcomeOfUpdate(order, actionId);
}

/** What came of an action on an order that is over: it may be over by this very action, sent before. */
async function outcomeOfUpdate(order: ActedOrder, actionId: string | undefined): Promise<OrderView> {
  const { orderId, handle } = order;
  try {
    if (actionId !== undefined) {
      return await order.call(() => handle.getUpdateHandle<OrderView>(actionId).result());
    }
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) throw refusedBy(orderId, error);
    if (grpcErrorOf(error)?.code !== GRPC.notFound && !(error instanceof WorkflowNotFoundError)) throw error;
  }
  const status = statusAtEnd(await order.summary());
  throw new OperatorActionRefusedError(orderId, `it is ${status}: nothing of it waits for an operator`);
}

function refusedBy(
  orderId: string,
  { cause, message }: WorkflowUpdateFailedError,
): OperatorActionRefusedError {
  return new OperatorActionRefusedError(orderId, cause?.message ?? message);
}
