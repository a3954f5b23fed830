import { EXCEPTION_EVENT, TCC_EVENT_NAMES, TCC_RESULTS, TCC_SPAN_NAMES } from '../../saga/semconv';
import { ATTR } from '../../telemetry/semconv';
import type { StoredSpan } from '../../telemetry/stored-span';
import { breach, shown } from './breach';
import type { TraceBreach } from './breach';
import { reasonBreaches } from './events';
import type { OrderTrace } from './order-trace';
import { exactlyOne } from './presence';
import { agree } from './running';
import { unlike } from './statuses';
import { failuresOf, tccStory } from './tcc-story';
import type { Part, TccStory } from './tcc-story';
import { isOpen } from './traced-order';

/**
 * A TCC transaction has the spans of the phases that it has reached, each with the events of what became of whose part,
 * and says how it ended; a saga has none of them.
 */
export function tccBreaches(trace: OrderTrace): TraceBreach[] {
  const story = tccStory(trace);
  return [
    ...strangers(trace),
    ...(story === undefined
      ? []
      : [
          ...presenceBreaches(trace, story),
          ...transactionBreaches(trace, story),
          ...phaseBreaches('try', trace, story),
          ...phaseBreaches('confirm', trace, story),
          ...cancelBreaches(trace, story),
          ...runningBreaches(trace, story),
        ]),
  ];
}

function strangers({ order, spans, tccs, phases }: OrderTrace): TraceBreach[] {
  const known = new Set(order.transaction === 'tcc' ? [...tccs, ...Object.values(phases).flat()] : []);
  return spans
    .filter(
      (span) =>
        (/^TCC (Phase|Transaction)\b/.test(span.name) || ATTR.tccId in span.attributes) && !known.has(span),
    )
    .map((span) => breach('unexpected', span, 'a span', 'only a TCC order’s transaction and its phases'));
}

function presenceBreaches({ tccs, phases }: OrderTrace, story: TccStory): TraceBreach[] {
  const once = (spans: readonly StoredSpan[], name: string, reached: boolean) =>
    reached
      ? exactlyOne(spans, `the span ${name}`)
      : spans.map((span) => breach('unexpected', span, 'a span', 'none: it did not come to that'));
  const cancelled = story.failedAt !== undefined && phases.cancel.length === 0 && isUndoing(story);
  return [
    ...once(tccs, TCC_SPAN_NAMES.transaction, story.try.length > 0),
    ...once(phases.try, TCC_SPAN_NAMES.try, story.try.length > 0),
    ...once(phases.confirm, TCC_SPAN_NAMES.confirm, story.confirm.length > 0),
    ...(cancelled ? [breach('missing', 'the trace', 'none', `the span ${TCC_SPAN_NAMES.cancel}`)] : []),
    ...(story.failedAt === undefined
      ? phases.cancel.map((span) => breach('unexpected', span, 'a span', 'none: nothing was to be cancelled'))
      : []),
  ];
}

/** A transaction that holds nothing is cancelled at once, any other when its turn comes. */
function isUndoing({ undos }: TccStory): boolean {
  return undos.length === 0 || undos.some(({ view }) => view.state !== 'pending');
}

function transactionBreaches({ tccs: [tcc] }: OrderTrace, story: TccStory): TraceBreach[] {
  if (tcc === undefined) return [];
  const { failedAt, completed } = story;
  const expected = [
    ...(story.confirm.length > 0 ? [TCC_EVENT_NAMES.try.succeeded] : []),
    ...(completed ? [TCC_EVENT_NAMES.confirm.succeeded] : []),
    ...(failedAt === undefined ? [] : [EXCEPTION_EVENT, TCC_EVENT_NAMES[failedAt].failed]),
  ];
  const failed = failedAt === undefined ? undefined : failedPart(story[failedAt]);
  return [
    ...storyBreaches(tcc, namesOf(tcc), expected),
    ...(failed === undefined ? [] : exceptionBreaches(tcc, failed.view.error)),
    ...(tcc.running === true ? [] : resultBreaches(tcc, failedAt ?? 'completed')),
  ];
}

function resultBreaches(tcc: StoredSpan, end: keyof typeof TCC_RESULTS): TraceBreach[] {
  const result = TCC_RESULTS[end];
  const found = tcc.attributes[ATTR.tccResult];
  return [
    ...unlike(tcc, end === 'completed' ? { code: 'OK' } : { code: 'ERROR', message: result }),
    ...(found === result
      ? []
      : [breach('status', tcc, `${ATTR.tccResult} = ${shown(found)}`, shown(result))]),
  ];
}

function phaseBreaches(name: 'try' | 'confirm', { phases }: OrderTrace, story: TccStory): TraceBreach[] {
  const [phase] = phases[name];
  if (phase === undefined) return [];
  const parts = story[name];
  const failed = story.failedAt === name;
  const done = parts.filter(({ view }) => view.state === 'done').map(({ plan }) => plan.events.done);
  const error = failedPart(parts)?.view.error;
  return [
    ...storyBreaches(phase, namesOf(phase), [...done, ...(failed ? [EXCEPTION_EVENT] : [])]),
    ...(failed && error !== undefined ? exceptionBreaches(phase, error) : []),
    ...(phase.running === true
      ? []
      : unlike(phase, failed ? { code: 'ERROR', message: error } : { code: 'OK' })),
  ];
}

/** All rounds together have an event for everything that was undone, and a reason for every part that failed. */
function cancelBreaches({ phases: { cancel } }: OrderTrace, story: TccStory): TraceBreach[] {
  const [last] = cancel.slice(-1);
  if (last === undefined) return [];
  const done = story.undos
    .filter(({ view }) => view.state === 'done')
    .map(({ plan }) => ('doneEvent' in plan.compensation ? plan.compensation.doneEvent : ''));
  const told = cancel.flatMap(namesOf).filter((name) => name !== EXCEPTION_EVENT);
  const failing = story.undos.filter(({ view }) => view.state === 'failed' || view.state === 'skipped');
  return [
    ...storyBreaches(last, told.toSorted(), done.toSorted()),
    ...failing
      .filter(({ view }) => failuresOf(view.step, cancel).at(-1) !== view.error)
      .map(({ view }) =>
        breach('events', last, `no exception of ${view.step} with its reason`, shown(view.error)),
      ),
    ...cancel
      .filter(({ running }) => running !== true)
      .flatMap((round) => unlike(round, { code: namesOf(round).includes(EXCEPTION_EVENT) ? 'ERROR' : 'OK' })),
  ];
}

function runningBreaches(trace: OrderTrace, story: TccStory): TraceBreach[] {
  const { order, tccs, phases } = trace;
  if (!isOpen(order)) return [];
  const { completed, failedAt, confirm, undos } = story;
  const decided = completed || failedAt !== undefined;
  const settled = completed || (failedAt !== undefined && undos.every(({ view }) => view.state === 'done'));
  const cancelling = undos.some(({ view }) => view.state === 'running');
  const why = `the order is ${order.status}`;
  return [
    ...tccs.flatMap((span) => agree(span, !settled, why, trace)),
    ...phases.try.flatMap((span) => agree(span, !decided && confirm.length === 0, why, trace)),
    ...phases.confirm.flatMap((span) => agree(span, !decided, why, trace)),
    ...phases.cancel.flatMap((span, round) =>
      agree(span, cancelling && round === phases.cancel.length - 1, why, trace),
    ),
  ];
}

function storyBreaches(
  span: StoredSpan,
  found: readonly string[],
  expected: readonly string[],
): TraceBreach[] {
  return found.join('\n') === expected.join('\n')
    ? []
    : [breach('events', span, `the events [${found.join('; ')}]`, `[${expected.join('; ')}]`)];
}

function exceptionBreaches(span: StoredSpan, reason: string | undefined): TraceBreach[] {
  return span.events
    .filter(({ name }) => name === EXCEPTION_EVENT)
    .flatMap((event) => reasonBreaches(span, event, reason));
}

function failedPart(parts: readonly Part[]): Part | undefined {
  return parts.find(({ view }) => view.state === 'failed' || view.state === 'unknown');
}

function namesOf({ events }: StoredSpan): string[] {
  return events.map(({ name }) => name);
}
