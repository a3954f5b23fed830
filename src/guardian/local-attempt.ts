import type { temporal } from '@temporalio/proto';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;
type Payload = temporal.api.common.v1.IPayload;
type Failure = temporal.api.failure.v1.IFailure;

/** Name of the markers that Temporal's core keeps the outcomes of local activities in. */
const LOCAL_ACTIVITY = 'core_local_activity';

/** The outcome of a local activity; of one whose workflow task was lost, a history knows nothing. */
export interface LocalAttempt {
  readonly activityType: string;
  readonly endedAt: string;
  readonly result: readonly Payload[];
  /** Absent: it succeeded. */
  readonly failure?: Failure;
}

/** What the event says of a local activity; undefined when it is about something else. */
export function localAttemptOf({
  markerRecordedEventAttributes: marker,
}: HistoryEvent): LocalAttempt | undefined {
  if (marker?.markerName !== LOCAL_ACTIVITY) return undefined;
  const [data] = marker.details?.['data']?.payloads ?? [];
  // Written by Temporal itself: in plain JSON, whatever becomes of the payloads of others.
  const { activity_type: activityType, complete_time: ended } = JSON.parse(
    Buffer.from(data?.data ?? []).toString('utf8'),
  ) as MarkerData;
  return {
    activityType,
    endedAt: new Date(ended.seconds * 1_000 + Math.floor(ended.nanos / 1_000_000)).toISOString(),
    result: marker.details?.['result']?.payloads ?? [],
    ...(marker.failure && { failure: marker.failure }),
  };
}

interface MarkerData {
  readonly activity_type: string;
  readonly complete_time: { readonly seconds: number; readonly nanos: number };
}
