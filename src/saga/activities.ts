import { ActivityFailure, ApplicationFailure, CancelledFailure, TemporalFailure } from '@temporalio/common';
import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { StepPolicy } from './policy';
import type { Reported, Reporting } from './report';

/**
 * The activities under `policy`. Each attempt is bounded by start-to-close, so that a killed worker costs at
 * most that; nothing bounds the whole, because a deadline would end a saga without cleaning up.
 *
 * A cancelled one is waited for: what it reports is worth more than having to treat it as unknown.
 */
export function activitiesUnder<Activities>(policy: StepPolicy): Reporting<Activities> {
  return policy.firstAttempt === 'local' ? localFirst(policy) : ordinary(policy);
}

function ordinary<Activities>(policy: StepPolicy): Reporting<Activities> {
  const proxy: unknown = proxyActivities({
    ...boundsOf(policy),
    retry: {
      maximumAttempts: policy.maxAttempts,
      initialInterval: policy.backoffInitialMs,
      maximumInterval: Math.max(policy.backoffMaxMs, policy.backoffInitialMs),
      backoffCoefficient: policy.backoffCoefficient,
    },
  });
  return proxy as Reporting<Activities>;
}

type Call = (...args: unknown[]) => Promise<Reported<unknown>>;

/** One attempt as a local activity, and the others as an ordinary one. */
function localFirst<Activities>(policy: StepPolicy): Reporting<Activities> {
  const local = proxyLocalActivities({ ...boundsOf(policy), retry: { maximumAttempts: 1 } }) as Calls;
  const others = ordinary({ ...policy, maxAttempts: policy.maxAttempts - 1 }) as Calls;
  const hasOthers = policy.maxAttempts > 1;
  const call =
    (name: string): Call =>
    (...args) =>
      callOf(
        local,
        name,
      )(...args).catch((error: unknown) => {
        if (!hasOthers || !isWorthAnother(error)) throw error;
        return callOf(
          others,
          name,
        )(...args).then(oneMore, (failure: unknown) => {
          throw withOneMore(failure);
        });
      });
  const proxy: unknown = new Proxy({}, { get: (_, name) => call(String(name)) });
  return proxy as Reporting<Activities>;
}

type Calls = Readonly<Record<string, Call>>;

function callOf(calls: Calls, name: string): Call {
  const call = calls[name];
  if (call === undefined) throw new Error(`There is no activity ${name}`);
  return call;
}

function boundsOf({ timeoutMs }: StepPolicy) {
  return {
    startToCloseTimeout: timeoutMs,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  };
}

/** Neither refused for good nor cancelled, and no bug. */
function isWorthAnother(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) return cause.nonRetryable !== true;
  return cause instanceof TemporalFailure && !(cause instanceof CancelledFailure);
}

function oneMore({ value, attempts }: Reported<unknown>): Reported<unknown> {
  return { value, attempts: attempts + 1 };
}

/** A failure that nobody could report on says by its retry state how many attempts there were. */
function withOneMore(failure: unknown): unknown {
  const cause = failure instanceof ActivityFailure ? failure.cause : undefined;
  const report = (cause instanceof ApplicationFailure ? cause.details?.[0] : undefined) as
    { attempts?: number } | undefined;
  if (report?.attempts !== undefined) report.attempts += 1;
  return failure;
}
