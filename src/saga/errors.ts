import { ApplicationFailure } from '@temporalio/common';
import type { FailureText } from './outcome';

/** A compensation that did not succeed, and why. */
export interface CompensationError extends FailureText {
  readonly step: string;
}

/** Why a saga failed. */
export interface SagaFailureReason extends FailureText {
  /** The step that failed; null when the saga was cancelled or failed between steps. */
  readonly step: string | null;
  /** True when it was undone on request, whatever else went wrong meanwhile. */
  readonly cancelled: boolean;
}

/**
 * The saga did not complete. `cause` is what made it fail; `compensationErrors` are all the undoings that
 * failed as well, none of them hidden. As an `ApplicationFailure` it also makes a decent workflow failure.
 */
export class SagaFailure extends ApplicationFailure {
  constructor(
    readonly reason: SagaFailureReason,
    readonly compensationErrors: readonly CompensationError[],
    cause: Error,
  ) {
    super(
      [
        `${reason.step ?? 'saga'}: ${reason.message}`,
        ...compensationErrors.map((error) => `${error.step} failed too: ${error.message}`),
      ].join('; '),
      reason.code,
      true,
      [{ reason, compensationErrors }],
      cause,
    );
  }
}
