import type { SpanContext } from '@opentelemetry/api';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { extractContextFromHeaders } from '@temporalio/interceptors-opentelemetry/lib/instrumentation';
import type { temporal } from '@temporalio/proto';

type History = temporal.api.history.v1.IHistory;
type HistoryEvent = temporal.api.history.v1.IHistoryEvent;
type Headers = NonNullable<temporal.api.common.v1.IHeader['fields']>;
type Failure = temporal.api.failure.v1.IFailure;

/** What became of an activity's last attempt. */
export interface AttemptEnd {
  readonly startedAt: bigint;
  readonly endedAt: bigint;
  /** Absent: it succeeded. */
  readonly errorType?: string;
}

/** One activity of a run, as the history has it. Times are nanoseconds since 1970. */
export interface ActivityRecord {
  readonly activityId: string;
  readonly activityType: string;
  /** The workflow's `StartActivity` span, parent of every attempt's. */
  readonly parent: SpanContext;
  readonly scheduledAt: bigint;
  /** Longest time of an attempt, ns; 0 when there is no bound. */
  readonly startToClose: bigint;
  /** As far as the history knows: the last attempt's number once the activity has ended, else 0. */
  readonly attempts: number;
  /** Why the attempt before the last failed. */
  readonly previousErrorType?: string;
  readonly last?: AttemptEnd;
}

/** How a run ended without its code having the last word. */
export interface Interruption {
  readonly how: 'terminated' | 'timed_out' | 'failed' | 'cancelled';
  readonly at: bigint;
}

/** What a run's history says about its spans. */
export interface RunHistory {
  readonly closedAt?: bigint;
  readonly interruption?: Interruption;
  readonly activities: readonly ActivityRecord[];
}

const INTERRUPTIONS = {
  workflowExecutionTerminatedEventAttributes: 'terminated',
  workflowExecutionTimedOutEventAttributes: 'timed_out',
  workflowExecutionFailedEventAttributes: 'failed',
  workflowExecutionCanceledEventAttributes: 'cancelled',
} as const;

/** Reads a run's history; activities that carry no trace are left out. */
export function readRunHistory(history: History): RunHistory {
  const events = history.events ?? [];
  const last = events.at(-1);
  const interruption = last === undefined ? undefined : interruptionBy(last);
  const closedAt =
    interruption?.at ?? (last?.workflowExecutionCompletedEventAttributes ? timeOf(last) : undefined);
  return {
    ...(closedAt !== undefined && { closedAt }),
    ...(interruption !== undefined && { interruption }),
    activities: events.flatMap((event) => activityScheduledBy(event, events) ?? []),
  };
}

function interruptionBy(event: HistoryEvent): Interruption | undefined {
  for (const [attributes, how] of Object.entries(INTERRUPTIONS)) {
    if (event[attributes as keyof typeof INTERRUPTIONS]) return { how, at: timeOf(event) };
  }
  return undefined;
}

function activityScheduledBy(
  scheduled: HistoryEvent,
  events: readonly HistoryEvent[],
): ActivityRecord | undefined {
  const attributes = scheduled.activityTaskScheduledEventAttributes;
  if (!attributes) return undefined;
  const parent = spanContextOf(attributes.header?.fields ?? {});
  if (parent === undefined) return undefined;
  const isOfThis = (id: unknown) => String(id) === String(scheduled.eventId);
  const started = events.find((event) =>
    isOfThis(event.activityTaskStartedEventAttributes?.scheduledEventId),
  );
  const ended = events.find((event) => isOfThis(endOf(event)?.scheduledEventId));
  const { attempt, lastFailure } = started?.activityTaskStartedEventAttributes ?? {};
  const previousErrorType = lastFailure ? errorTypeOf(lastFailure) : undefined;
  return {
    activityId: attributes.activityId ?? '',
    activityType: attributes.activityType?.name ?? '',
    parent,
    scheduledAt: timeOf(scheduled),
    startToClose: nanoseconds(attributes.startToCloseTimeout),
    attempts: attempt ?? 0,
    ...(previousErrorType !== undefined && { previousErrorType }),
    ...(started !== undefined && ended !== undefined && { last: attemptEnd(started, ended) }),
  };
}

function attemptEnd(started: HistoryEvent, ended: HistoryEvent): AttemptEnd {
  const { failure } = endOf(ended) ?? {};
  const errorType = ended.activityTaskCompletedEventAttributes ? undefined : errorTypeOf(failure ?? {});
  return {
    startedAt: timeOf(started),
    endedAt: timeOf(ended),
    ...(errorType !== undefined && { errorType }),
  };
}

function endOf(
  event: HistoryEvent,
): { scheduledEventId?: unknown; failure?: Failure | null | undefined } | undefined {
  return (
    event.activityTaskCompletedEventAttributes ??
    event.activityTaskFailedEventAttributes ??
    event.activityTaskTimedOutEventAttributes ??
    event.activityTaskCanceledEventAttributes ??
    undefined
  );
}

function errorTypeOf({ applicationFailureInfo, timeoutFailureInfo }: Failure): string {
  if (timeoutFailureInfo) return 'timeout';
  return applicationFailureInfo?.type ?? 'cancelled';
}

function spanContextOf(headers: Headers): SpanContext | undefined {
  return trace.getSpanContext(extractContextFromHeaders(headers) ?? ROOT_CONTEXT);
}

function timeOf({ eventTime }: HistoryEvent): bigint {
  return nanoseconds(eventTime);
}

interface ProtoTime {
  readonly seconds?: { toString(): string } | null;
  readonly nanos?: number | null;
}

function nanoseconds(time: ProtoTime | null | undefined): bigint {
  return BigInt(time?.seconds?.toString() ?? '0') * 1_000_000_000n + BigInt(time?.nanos ?? 0);
}
