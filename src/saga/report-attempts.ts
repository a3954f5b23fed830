import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Reporting } from './report';

type Activity = (...args: never[]) => Promise<unknown>;

/**
 * Activities that tell the workflow on which attempt they ended: with their result, or as part of the
 * failure's first detail. Temporal does not tell the workflow itself. Activity side only.
 */
export function reportAttempts<Activities extends { [name in keyof Activities]: Activity }>(
  activities: Activities,
): Reporting<Activities> {
  const reporting = Object.entries<Activity>(activities).map(([name, activity]) => [
    name,
    async (...args: never[]) => {
      const attempts = activityInfo().attempt;
      try {
        return { value: await activity(...args), attempts };
      } catch (error) {
        throw withAttempts(error, attempts);
      }
    },
  ]);
  return Object.fromEntries(reporting) as Reporting<Activities>;
}

function withAttempts(error: unknown, attempts: number): unknown {
  if (!(error instanceof ApplicationFailure)) return error;
  const report: unknown = error.details?.[0];
  return Object.assign(error, { details: [{ ...(typeof report === 'object' ? report : {}), attempts }] });
}
