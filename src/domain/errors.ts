/**
 * Every business error of the product, once: its HTTP status and its title.
 *
 * A service answers with these codes in `application/problem+json` (RFC 9457), activities carry them as the
 * failure's type, an order's `failure.code` is one of them.
 *
 * `refusal: true` means a final answer about the idempotency key: nothing was done under it and nothing will
 * be. Everything else leaves the outcome open.
 */
export const ERRORS = {
  // Refusals of a step.
  order_conflict: { status: 409, title: 'The order id is taken by another order', refusal: true },
  out_of_stock: { status: 409, title: 'Not enough stock', refusal: true },
  unknown_sku: { status: 422, title: 'Not in the catalogue', refusal: true },
  price_changed: { status: 422, title: 'The price has changed', refusal: true },
  payment_declined: { status: 402, title: 'The payment was declined', refusal: true },
  shipping_unavailable: { status: 422, title: 'No carrier delivers there', refusal: true },
  /** Somebody else's effect stands under this key: nothing of this request was done, and undoing it would undo theirs. */
  idempotency_key_reused: {
    status: 422,
    title: 'The idempotency key was used with another payload',
    refusal: true,
  },
  /** The step was undone before it arrived: it must not happen any more. */
  already_compensated: { status: 409, title: 'Already compensated', refusal: true },
  /** The provider will never pay this back: only an operator can settle it. */
  refund_refused: { status: 422, title: 'The refund was refused', refusal: true },

  // Refusals of a confirm or a cancel (TCC).
  /** The participant has given the hold up by its own clock: the confirm did not happen and will not. */
  hold_expired: { status: 409, title: 'The hold has expired', refusal: true },
  /** The cancel came after the confirm: only a reversal undoes what was confirmed. */
  hold_confirmed: { status: 409, title: 'The hold was confirmed', refusal: true },

  // A request that is wrong in itself.
  invalid_request: { status: 400, title: 'The request is invalid', refusal: false },
  not_found: { status: 404, title: 'Not found', refusal: false },
  idempotency_key_missing: { status: 400, title: 'Idempotency-Key is required', refusal: false },

  /** Of an order id, as {@link idempotency_key_reused} is of a key. */
  order_id_reused: { status: 422, title: 'The order id was used with another payload', refusal: false },
  unauthorized: { status: 401, title: 'A valid bearer token is required', refusal: false },
  forbidden: { status: 403, title: 'Not allowed', refusal: false },
  method_not_allowed: { status: 405, title: 'Not a method of this resource', refusal: false },
  misdirected: { status: 421, title: 'Not served under this host name', refusal: false },
  not_acceptable: { status: 406, title: 'Not available in a form that is accepted', refusal: false },
  rate_limited: { status: 429, title: 'Too many requests', refusal: false },

  // What an order's state does not allow.
  past_cancelling: { status: 409, title: 'The order is past cancelling', refusal: false },
  action_refused: { status: 409, title: 'The order does not wait for that', refusal: false },
  order_forgotten: { status: 409, title: 'How the order ended is not known any more', refusal: false },
  order_interrupted: { status: 409, title: 'The order was interrupted', refusal: false },

  // We cannot serve now: try again.
  temporal_unreachable: { status: 503, title: 'Temporal cannot be reached', refusal: false },
  no_worker: { status: 503, title: 'No worker answers for the order', refusal: false },
  overloaded: { status: 503, title: 'Too busy', refusal: false },
  payload_unreadable: { status: 503, title: 'Orders cannot be decrypted here', refusal: false },
  storage_unavailable: { status: 503, title: 'The records of orders cannot be had', refusal: false },
  /** Only a service that was told to (`FAULTS=on`). */
  fault_injected: { status: 503, title: 'The service was told to fail', refusal: false },
  auth_unavailable: { status: 503, title: 'Bearer tokens cannot be checked', refusal: false },

  // A step that no number of attempts could bring to an answer: its outcome stayed unknown, it was undone.
  order_unavailable: { status: 503, title: 'The order service did not answer', refusal: false },
  inventory_unavailable: { status: 503, title: 'The inventory service did not answer', refusal: false },
  payment_unavailable: { status: 503, title: 'The payment service did not answer', refusal: false },

  /** Undone on request. */
  cancelled: { status: 409, title: 'The order was cancelled', refusal: false },

  // Nobody knows yet: retry.
  provider_unavailable: { status: 503, title: 'The payment provider is unavailable', refusal: false },
  provider_timeout: { status: 504, title: 'The payment provider did not answer in time', refusal: false },
  /** A confirm that came while its try was still under way. */
  hold_pending: { status: 503, title: 'The hold is still being made', refusal: false },
  carrier_unavailable: { status: 503, title: 'The carrier is unavailable', refusal: false },
  internal_error: { status: 500, title: 'Internal error', refusal: false },
} as const satisfies Record<string, { status: number; title: string; refusal: boolean }>;

export type ErrorCode = keyof typeof ERRORS;

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERRORS, code);
}

/** True for a final answer "did not happen and will not happen". */
export function isRefusal(code: unknown): boolean {
  return isErrorCode(code) && ERRORS[code].refusal;
}
