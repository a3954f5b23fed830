import { ABANDONED } from '../domain/order';
import type { Abandonment } from '../domain/order';
import type { FieldError } from '../domain/order-schema';

/** What can go wrong with an order for reasons that its sender can understand; everything else is a bug. */
export abstract class OrderError extends Error {
  /** Stable word for programs, as in the API's problem documents. */
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The order was refused as it stands: nothing was started, and `errors` names every wrong field at once. */
export class InvalidOrderError extends OrderError {
  constructor(
    readonly errors: readonly FieldError[],
    /** `price_changed` when nothing but `expectedAmount` is wrong. */
    readonly code: 'invalid_request' | 'price_changed' = 'invalid_request',
  ) {
    super(
      `The request is invalid:\n${errors.map(({ field, message }) => `  - ${field}: ${message}`).join('\n')}`,
    );
  }
}

/** The order id belongs to an order with other content; that order is untouched. */
export class OrderConflictError extends OrderError {
  readonly code = 'order_conflict';

  constructor(readonly orderId: string) {
    super(`The order id ${orderId} is taken by another order: the same id goes with the same content only`);
  }
}

/** There is no such order, or Temporal has dropped it after its retention time. */
export class OrderNotFoundError extends OrderError {
  readonly code = 'not_found';

  constructor(readonly orderId: string) {
    super(`There is no order ${orderId}`);
  }
}

/** How a workflow can end without ending its order. */
export type Interruption = Exclude<Abandonment, 'lost'>;

/** The order's workflow was ended from outside, and the guardian has not taken the order over yet. */
export class OrderInterruptedError extends OrderError {
  readonly code = 'order_interrupted';

  constructor(
    readonly orderId: string,
    readonly interruption: Interruption,
  ) {
    super(
      `The workflow of order ${orderId} ${ABANDONED[interruption]}: the order does not go on. ` +
        'The guardian undoes what it had done, within a minute where it is on; `orders audit` says what still stands',
    );
  }
}

/** The order is final: there is nothing left to cancel. */
export class PastCancellingError extends OrderError {
  readonly code = 'past_cancelling';

  constructor(
    readonly orderId: string,
    /** What it ended as. */
    readonly status: string,
  ) {
    super(`Order ${orderId} is past cancelling: it is ${status}`);
  }
}

/** The workflow refused an operator's `retry` or `skip`; nothing changed. */
export class OperatorActionRefusedError extends OrderError {
  readonly code = 'action_refused';

  constructor(
    readonly orderId: string,
    /** The workflow's own words. */
    readonly reason: string,
  ) {
    super(`Order ${orderId}: ${reason}`);
  }
}

/** The order exists, but no worker answers for it; it goes on as soon as one does. */
export class NoWorkerError extends OrderError {
  readonly code = 'no_worker';

  constructor(
    readonly orderId: string,
    /** The server's own words, when it had any. */
    detail?: string,
  ) {
    super(
      `No worker answers for order ${orderId}${detail === undefined ? '' : ` (${detail})`}. ` +
        'It is safe and goes on as soon as one runs: `npm start -- worker`',
    );
  }
}

/** A service cannot be reached, or answers something that it never should. */
export class ServiceUnreachableError extends OrderError {
  readonly code = 'service_unreachable';

  constructor(
    /** `inventory`, `payment`, … */
    readonly service: string,
    readonly url: string,
    /** `ECONNREFUSED`, `answered 500`, … */
    readonly reason: string,
    remedy = `Start it with \`npm run dev\` or \`npm start -- ${service}\`, or set ${service.toUpperCase()}_SERVICE_URL`,
  ) {
    super(`The ${service} service at ${url} cannot be reached (${reason}). ${remedy}`);
  }
}

/** What to do about a service that refuses us. */
export const SERVICE_TOKEN_REMEDY =
  'Set SERVICE_TOKEN to what it is there: the first token of the list is sent, every one is accepted';

/** A service does not take our `SERVICE_TOKEN`, or wants one and gets none. */
export class ServiceRefusesTokenError extends ServiceUnreachableError {
  constructor(service: string, url: string) {
    super(service, url, 'it refuses SERVICE_TOKEN', SERVICE_TOKEN_REMEDY);
  }
}

/** For a list that lags: what is on it may have been interrupted or forgotten meanwhile. @throws any other error */
export function undefinedWhenGone(error: unknown): undefined {
  if (!(error instanceof OrderInterruptedError) && !(error instanceof OrderNotFoundError)) throw error;
}
