import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { StepPolicy } from './policy';
import type { Reporting } from './report';

/**
 * The activities under `policy`. Each attempt is bounded by start-to-close, so that a killed worker costs at
 * most that; nothing bounds the whole, because a deadline would end a saga without cleaning up.
 *
 * A cancelled one is waited for: what it reports is worth more than having to treat it as unknown.
 */
export function activitiesUnder<Activities>(policy: StepPolicy): Reporting<Activities> {
  const proxy: unknown = proxyActivities({
    startToCloseTimeout: policy.timeoutMs,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      maximumAttempts: policy.maxAttempts,
      initialInterval: policy.backoffInitialMs,
      maximumInterval: Math.max(policy.backoffMaxMs, policy.backoffInitialMs),
      backoffCoefficient: policy.backoffCoefficient,
    },
  });
  return proxy as Reporting<Activities>;
}
