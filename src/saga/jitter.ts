import { activityInfo } from '@temporalio/activity';
import type { RetryPolicy } from '@temporalio/common';
import { ApplicationFailure } from '@temporalio/common';

type Activity = (...args: never[]) => Promise<unknown>;

/**
 * Activities whose attempts spread: after one that failed, the pause is at least half of what the retry policy says and
 * at most all of it, at random, so that the callers of a service that was away do not all come back at the same moment.
 * What bounds the policy (attempts, longest pause) holds as before. An attempt that nobody reported on (its worker died)
 * is followed by the policy's own pause. Activity side only.
 *
 * "Equal jitter" of Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
 */
export function spreadRetries<Activities extends { [name in keyof Activities]: Activity }>(
  activities: Activities,
): Activities {
  const spread = Object.entries<Activity>(activities).map(([name, activity]) => [
    name,
    async (...args: never[]) => {
      try {
        return await activity(...args);
      } catch (error) {
        if (!(error instanceof ApplicationFailure) || error.nonRetryable === true) throw error;
        const { attempt, retryPolicy } = activityInfo();
        throw Object.assign(error, { nextRetryDelay: pauseAfter(attempt, retryPolicy) });
      }
    },
  ]);
  return Object.fromEntries(spread) as Activities;
}

/**
 * The pause after a failed attempt, ms; undefined when the policy does not say.
 *
 * @param attempt from 1.
 */
export function pauseAfter(
  attempt: number,
  policy: RetryPolicy | undefined,
  random: () => number = Math.random,
): number | undefined {
  if (policy === undefined) return undefined;
  // A worker hears of them in numbers.
  const initial: unknown = policy.initialInterval;
  const longest: unknown = policy.maximumInterval;
  if (typeof initial !== 'number' || typeof longest !== 'number') return undefined;
  const whole = Math.min(initial * (policy.backoffCoefficient ?? 2) ** (attempt - 1), longest);
  return Math.ceil(whole / 2 + (random() * whole) / 2);
}
