import { attemptSpanId } from '../telemetry/span-ids';
import { ATTR } from '../telemetry/semconv';
import type { StoredSpan } from '../telemetry/stored-span';
import { highestAttempt } from './run-trace';
import type { RunTrace } from './run-trace';
import type { ActivityRecord } from './run-history';

/** The attempts that have no span, or one that its process did not live to end. */
export function missingAttempts(run: RunTrace): StoredSpan[] {
  return run.history.activities.flatMap((activity) => missingAttemptsOf(activity, run));
}

function missingAttemptsOf(activity: ActivityRecord, run: RunTrace): StoredSpan[] {
  const { parent, attempts } = activity;
  const highest = Math.max(attempts, highestAttempt(run.stored, parent.spanId));
  const found: StoredSpan[] = [];
  let earliest = activity.scheduledAt;
  for (let attempt = 1; attempt <= highest; attempt++) {
    const stored = spanOf(activity, attempt, run);
    // The last attempt that is known may be at work right now.
    const mayRun = attempt === highest && activity.last === undefined && run.history.closedAt === undefined;
    if (mayRun || (stored !== undefined && stored.running !== true)) {
      if (stored !== undefined) earliest = BigInt(stored.endTimeUnixNano);
      continue;
    }
    const span = reconstructed(activity, attempt, earliest, run);
    found.push(span);
    earliest = BigInt(span.endTimeUnixNano);
  }
  return found;
}

function reconstructed(
  activity: ActivityRecord,
  attempt: number,
  earliest: bigint,
  run: RunTrace,
): StoredSpan {
  const { start, end, errorType } = timesOf(activity, attempt, earliest, run);
  return {
    spanId: attemptSpanId(activity.parent.spanId, attempt, 0),
    parentSpanId: activity.parent.spanId,
    name: `RunActivity:${activity.activityType}`,
    kind: 'INTERNAL',
    service: run.service,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(end > start ? end : start),
    status: { code: errorType === undefined ? 'OK' : 'ERROR' },
    attributes: {
      [ATTR.temporalWorkflowId]: run.workflowId,
      [ATTR.temporalRunId]: run.runId,
      [ATTR.temporalActivityId]: activity.activityId,
      [ATTR.temporalActivityAttempt]: attempt,
      ...(errorType !== undefined && { [ATTR.errorType]: errorType }),
      [ATTR.sagaReconstructed]: true,
    },
    events: [],
    links: [],
  };
}

interface AttemptTimes {
  readonly start: bigint;
  readonly end: bigint;
  readonly errorType: string | undefined;
}

/**
 * The history has the times of the last attempt, and why the one before failed. An earlier one left its mark only
 * on the services that it called; one that died with its process lasted, for the server, until its time was out.
 */
function timesOf(activity: ActivityRecord, attempt: number, earliest: bigint, run: RunTrace): AttemptTimes {
  const { last, attempts, startToClose, previousErrorType } = activity;
  if (last !== undefined && attempt === attempts) {
    return { start: last.startedAt, end: last.endedAt, errorType: last.errorType };
  }
  const start = startSeen(activity, attempt, run) ?? earliest;
  const next = nextStart(activity, attempt, run) ?? run.history.closedAt;
  const timeout = start + startToClose;
  const end = next !== undefined && (next < timeout || startToClose === 0n) ? next : timeout;
  const reason = attempt === attempts - 1 ? previousErrorType : undefined;
  return { start, end, errorType: reason ?? 'timeout' };
}

/** When the attempt was seen to begin: by its own span, or by the first that it called. */
function startSeen(activity: ActivityRecord, attempt: number, run: RunTrace): bigint | undefined {
  const call = attemptSpanId(activity.parent.spanId, attempt, 1);
  const seen =
    spanOf(activity, attempt, run) ??
    run.stored.find(({ spanId, parentSpanId }) => spanId === call || parentSpanId === call);
  return seen === undefined ? undefined : BigInt(seen.startTimeUnixNano);
}

function nextStart(activity: ActivityRecord, attempt: number, run: RunTrace): bigint | undefined {
  if (activity.last !== undefined && attempt + 1 === activity.attempts) return activity.last.startedAt;
  return startSeen(activity, attempt + 1, run);
}

function spanOf({ parent }: ActivityRecord, attempt: number, run: RunTrace): StoredSpan | undefined {
  const id = attemptSpanId(parent.spanId, attempt, 0);
  return run.stored.find(({ spanId }) => spanId === id);
}
