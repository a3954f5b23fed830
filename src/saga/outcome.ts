import {
  ActivityFailure,
  ApplicationFailure,
  ApplicationFailureCategory,
  CancelledFailure,
  RetryState,
  TimeoutFailure,
} from '@temporalio/common';

/**
 * What became of an effect.
 *
 * - `done`: it happened.
 * - `not_done`: it did not happen and never will: a final answer about its idempotency key.
 * - `unknown`: anything else, a lost reply for example. It may have happened, so it must be undone.
 */
export type Outcome = 'done' | 'not_done' | 'unknown';

/** First detail of a failure that reports on a step. */
interface FailureReport {
  readonly outcome?: Outcome;
  readonly attempts?: number;
}

/**
 * A final "no": the effect did not happen under this key and never will. It is not retried, and the only
 * failure that takes a step's compensation off the stack. Activities throw it for business refusals.
 *
 * @param code what was refused, for programs; the order's `failure.code`.
 * @param message for people; free of personal data, since histories and spans show it.
 */
export function refusal(code: string, message: string, attempts?: number): ApplicationFailure {
  const report: FailureReport = { outcome: 'not_done', ...(attempts !== undefined && { attempts }) };
  return ApplicationFailure.create({
    type: code,
    message,
    nonRetryable: true,
    details: [report],
    // An answer of the business, not an error to be logged and counted by Temporal.
    category: ApplicationFailureCategory.BENIGN,
  });
}

/** What an action that failed with `error` has left behind: only a {@link refusal} means nothing. */
export function outcomeOf(error: unknown): 'not_done' | 'unknown' {
  return reportOf(error).outcome === 'not_done' ? 'not_done' : 'unknown';
}

/** The attempts behind a failed activity; when nobody could report them, what the retry state implies. */
export function attemptsOf(error: unknown, maxAttempts: number): number {
  const reported = reportOf(error).attempts;
  if (reported !== undefined) return reported;
  const exhausted =
    error instanceof ActivityFailure && error.retryState === RetryState.MAXIMUM_ATTEMPTS_REACHED;
  return exhausted ? maxAttempts : 1;
}

/** A failure in the words of whoever caused it. */
export interface FailureText {
  /** The application's code, `timeout`, `cancelled` or `error`. */
  readonly code: string;
  readonly message: string;
}

/** The innermost cause, without Temporal's wrapping. */
export function failureText(error: unknown): FailureText {
  const cause = causeOf(error);
  if (cause instanceof ApplicationFailure) {
    return { code: cause.type ?? 'error', message: cause.message };
  }
  if (cause instanceof TimeoutFailure) {
    return { code: 'timeout', message: 'no answer within the time of an attempt' };
  }
  if (cause instanceof CancelledFailure) return { code: 'cancelled', message: 'cancelled while it ran' };
  return { code: 'error', message: cause instanceof Error ? cause.message : String(cause) };
}

function causeOf(error: unknown): unknown {
  return error instanceof ActivityFailure && error.cause !== undefined ? error.cause : error;
}

function reportOf(error: unknown): FailureReport {
  const cause = causeOf(error);
  if (!(cause instanceof ApplicationFailure)) return {};
  const report: unknown = cause.details?.[0];
  return typeof report === 'object' && report !== null ? report : {};
}
