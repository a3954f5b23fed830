import type { ErrorCode } from '../domain/errors';
import { isErrorCode } from '../domain/errors';
import type { OrderView } from '../domain/order';
import { ChallengeError, problemOf, ProblemError } from '../http/problem';
import type { ProblemAnswer } from '../http/http-app';
import {
  InvalidOrderError,
  NoWorkerError,
  OperatorActionRefusedError,
  OrderConflictError,
  OrderInterruptedError,
  OrderNotFoundError,
  PastCancellingError,
  ServiceUnreachableError,
} from '../orders/errors';
import { TemporalUnavailableError, UnreadableOrderError } from '../orders/temporal-calls';

/** Seconds after which a client should try again what we could not serve. */
const RETRY_AFTER_S = '1';

/** Problems that time may mend. */
const RETRYABLE: ReadonlySet<string> = new Set<ErrorCode>([
  'temporal_unreachable',
  'no_worker',
  'overloaded',
  'storage_unavailable',
  'auth_unavailable',
  'inventory_unavailable',
]);

/** What an error means to whoever sent the request; undefined for what is no answer of this gateway's. */
export function gatewayProblem(error: unknown): ProblemAnswer | undefined {
  const known = error instanceof ProblemError ? error : orderProblem(error);
  if (known === undefined) return undefined;
  const problem = problemOf(known);
  // What an order has come to, the same request tells again and again.
  const mayHelp = RETRYABLE.has(known.code) && known.extensions['orderStatus'] === undefined;
  const headers = {
    ...(mayHelp && { 'retry-after': RETRY_AFTER_S }),
    ...(known instanceof ChallengeError && { 'www-authenticate': known.challenge }),
  };
  return { problem, headers };
}

function orderProblem(error: unknown): ProblemError | undefined {
  if (error instanceof InvalidOrderError) {
    const { code, errors } = error;
    const named = errors.map(({ field, message }) => `${field}: ${message}`).join('; ');
    return new ProblemError(code, named, { errors });
  }
  if (error instanceof OrderConflictError) {
    return new ProblemError('order_id_reused', error.message, { orderId: error.orderId });
  }
  if (error instanceof ServiceUnreachableError) {
    return new ProblemError('inventory_unavailable', 'Orders cannot be priced now: the catalogue is away');
  }
  if (error instanceof PastCancellingError) {
    const { orderId, status } = error;
    return new ProblemError('past_cancelling', error.message, { orderId, orderStatus: status });
  }
  if (error instanceof OrderNotFoundError) return new ProblemError('not_found', error.message);
  if (error instanceof TemporalUnavailableError) {
    // Its own words are for those who run this.
    return new ProblemError('temporal_unreachable', 'Temporal, which runs the orders, does not answer now');
  }
  if (error instanceof UnreadableOrderError) {
    // Which key it wants is for those who run this.
    return new ProblemError(
      'payload_unreadable',
      'What Temporal keeps of the order cannot be decrypted here now',
    );
  }
  if (error instanceof NoWorkerError) {
    const { orderId } = error;
    const detail = `Order ${orderId} is safe, but nothing works on it now; it goes on as soon as something does`;
    return new ProblemError('no_worker', detail, { orderId });
  }
  if (error instanceof OrderInterruptedError || error instanceof OperatorActionRefusedError) {
    return new ProblemError(error.code, error.message, { orderId: error.orderId });
  }
  return undefined;
}

/** Why an order did not complete, as the answer to whoever placed it: what was undone is in `compensations`. */
export function orderFailureProblem(order: OrderView): ProblemError {
  const { orderId, traceId, status, failure, compensations } = order;
  const code = isErrorCode(failure?.code) ? failure.code : 'internal_error';
  const detail = failure?.message ?? `The order is ${status}`;
  return new ProblemError(code, detail, { orderId, traceId, orderStatus: status, compensations });
}
