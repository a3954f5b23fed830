import type { CompensationView, StepView } from '../../domain/order';
import { ATTR } from '../../telemetry/semconv';
import type { StoredSpan } from '../../telemetry/stored-span';
import { breach, labelOf } from './breach';
import type { TraceBreach } from './breach';
import type { OrderTrace } from './order-trace';
import { roundsOf } from './order-trace';
import { tccStory } from './tcc-story';
import { wasInterrupted } from './traced-order';

const START = 'StartActivity:';
const RUN = 'RunActivity:';

/**
 * Every step, every round of a compensation and every part of a TCC transaction has one activity, and each of its
 * attempts a span, from 1.
 */
export function attemptBreaches(trace: OrderTrace): TraceBreach[] {
  const { spans, steps, compensations, parentOf } = trace;
  const work = [...steps, ...compensations].map(({ span }) => span);
  return [
    ...work.flatMap((span) => activityBreaches(span, trace)),
    ...spans
      .filter(({ name }) => name.startsWith(START))
      .flatMap((activity) => numberBreaches(activity, trace)),
    ...spans
      .filter(({ name }) => name.startsWith(RUN))
      .flatMap((attempt) => ownerBreaches(attempt, parentOf(attempt))),
    ...countBreaches(trace),
    ...phaseBreaches(trace),
  ];
}

function activityBreaches(work: StoredSpan, trace: OrderTrace, expected = 1): TraceBreach[] {
  const activities = trace.childrenOf(work).filter(({ name }) => name.startsWith(START));
  const { length } = activities.filter((activity) => !isFirstAttemptOf(activities, activity, trace));
  if (length === expected || (length < expected && work.running === true)) return [];
  return [
    breach('attempts', work, `${String(length)} activities`, expected === 1 ? 'one' : String(expected)),
  ];
}

/** A first attempt that was the worker's own and failed: the others are another activity's. */
function isFirstAttemptOf(
  activities: readonly StoredSpan[],
  activity: StoredSpan,
  trace: OrderTrace,
): boolean {
  const { name, status, endTimeUnixNano, spanId } = activity;
  const isFollowed = activities.some(
    (other) =>
      other.spanId !== spanId &&
      other.name === name &&
      BigInt(other.startTimeUnixNano) >= BigInt(endTimeUnixNano),
  );
  return isFollowed && status.code === 'ERROR' && attemptsUnder(activity, trace).length <= 1;
}

function numberBreaches(activity: StoredSpan, trace: OrderTrace): TraceBreach[] {
  const numbers = attemptsUnder(activity, trace);
  const work = trace.parentOf(activity);
  if (numbers.length === 0) {
    const mayBeNone = activity.running === true || (work !== undefined && wasCutShort(work, trace));
    return mayBeNone ? [] : [breach('attempts', activity, 'no attempt', 'one at least')];
  }
  const sorted = numbers.toSorted((a, b) => a - b);
  if (sorted.every((number, index) => number === index + 1)) return [];
  return [breach('attempts', activity, `the attempts ${sorted.join(', ')}`, '1, 2, … without gap or repeat')];
}

function ownerBreaches(attempt: StoredSpan, owner: StoredSpan | undefined): TraceBreach[] {
  const expected = attempt.name.replace(RUN, START);
  if (owner === undefined || owner.name === expected) return [];
  return [breach('attempts', attempt, `the parent ${labelOf(owner)}`, `the parent ${expected}`)];
}

/** Without this, an attempt that is lost at the end of the row would not be missed. */
function countBreaches(trace: OrderTrace): TraceBreach[] {
  const { order, steps } = trace;
  return [
    ...(order.steps ?? []).flatMap((view) =>
      unlikeCount(
        view.step,
        [view],
        steps.filter(({ plan }) => plan.name === view.step).map(({ span }) => span),
        trace,
      ),
    ),
    ...(order.compensations ?? []).flatMap((view) =>
      unlikeCount(view.step, [view], roundsOf(trace, view.step), trace),
    ),
  ];
}

/** The parts of a phase are told apart by nobody: what is counted is all of them together. */
function phaseBreaches(trace: OrderTrace): TraceBreach[] {
  const story = tccStory(trace);
  if (story === undefined) return [];
  return (['try', 'confirm'] as const)
    .flatMap((phase) => {
      const views = story[phase].map(({ view }) => view);
      const spans = trace.phases[phase];
      return [
        ...spans.flatMap((span) => activityBreaches(span, trace, views.length)),
        ...unlikeCount(`the ${phase} phase`, views, spans, trace),
      ];
    })
    .concat(
      unlikeCount(
        'the cancel phase',
        story.undos.map(({ view }) => view),
        trace.phases.cancel,
        trace,
      ),
    );
}

/** @param views whose attempts are all below `work`. */
function unlikeCount(
  what: string,
  views: readonly (StepView | CompensationView)[],
  work: readonly StoredSpan[],
  trace: OrderTrace,
): TraceBreach[] {
  const ended = views.every(({ state }) => state === 'done' || state === 'failed' || state === 'unknown');
  // Nobody tells the workflow how often was tried what it cancelled or what never answered.
  const counted = work.every((span) => span.running !== true && !wasCutShort(span, trace) && !timedOut(span));
  if (!ended || !counted || work.length === 0) return [];
  const activities = work.flatMap((span) => trace.childrenOf(span));
  const last = activities.map((activity) => Math.max(0, ...attemptsUnder(activity, trace)));
  const found = last.reduce((sum, number) => sum + number, 0);
  const attempts = views.reduce((sum, view) => sum + view.attempts, 0);
  if (found === attempts) return [];
  return [breach('attempts', what, `${String(found)} attempts`, `${String(attempts)}, as the order says`)];
}

function attemptsUnder(activity: StoredSpan, { childrenOf }: OrderTrace): number[] {
  return childrenOf(activity)
    .filter(({ name }) => name.startsWith(RUN))
    .map(({ attributes }) => Number(attributes[ATTR.temporalActivityAttempt]));
}

/** Cancelled or interrupted: maybe before any worker had taken it. */
function wasCutShort(work: StoredSpan, { order }: OrderTrace): boolean {
  return work.attributes[ATTR.errorType] === 'cancelled' || wasInterrupted(work, order);
}

function timedOut({ attributes, events }: StoredSpan): boolean {
  const types = [attributes[ATTR.errorType], ...events.map((event) => event.attributes[ATTR.exceptionType])];
  return types.includes('timeout');
}
