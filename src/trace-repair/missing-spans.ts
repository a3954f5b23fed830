import { isDeepStrictEqual } from 'node:util';
import { TCC_SPAN_NAMES } from '../saga/semconv';
import { attemptSpanId } from '../telemetry/span-ids';
import { ATTR } from '../telemetry/semconv';
import type { StoredSpan } from '../telemetry/stored-span';
import { missingAttempts } from './missing-attempts';
import { isBusinessSpan } from '../traces/business-spans';
import { highestAttempt } from './run-trace';
import type { RunTrace } from './run-trace';

/** Of a span that its process did not live to end. */
const PROCESS_DIED = 'process_died';

/** Calls that one attempt of an activity may have made. */
const MAX_CALLS = 8;

/**
 * The spans that must be written for the run's trace to be whole: none when it is. Written and asked again, there
 * are none.
 *
 * - The workflow's own, as the replay has them: lost ones, and those that say something else, because a workflow
 *   task was run twice and the second time came to another end.
 * - Those that an interrupted run left open: closed when it was interrupted, as errors.
 * - The attempts that died with their process, from the history; the calls that they made, from the answers to them.
 * - What services and clients did not live to end, once the run is over.
 *
 * Whatever is not known as it was, but concluded, has `saga.reconstructed`.
 */
export function missingSpans(run: RunTrace): StoredSpan[] {
  const stored = new Map(run.stored.map((span) => [span.spanId, span]));
  // What waits is seen as it is: whoever parked it may have died before that was written.
  const open = run.history.closedAt === undefined ? run.open : closedByInterruption(run);
  const ofWorkflow = [...run.ended, ...open];
  const lostOfWorkflow = ofWorkflow.filter((span) => !isStoredAs(stored.get(span.spanId), span));
  const attempts = missingAttempts(run);
  const known = [...run.stored, ...lostOfWorkflow, ...attempts];
  const calls = missingCalls(run, known);
  const rebuilt = [...lostOfWorkflow, ...attempts, ...calls];
  return [...rebuilt, ...unfinished(run, rebuilt)];
}

/** The end of one that has none is the time at which it was looked at. */
function isStoredAs(stored: StoredSpan | undefined, span: StoredSpan): boolean {
  if (stored?.running !== true || span.running !== true) return isDeepStrictEqual(stored, span);
  return isDeepStrictEqual({ ...stored, endTimeUnixNano: span.endTimeUnixNano }, span);
}

/** Nobody will end what the run left open. */
function closedByInterruption({ history: { interruption }, open }: RunTrace): StoredSpan[] {
  if (interruption === undefined) return [];
  const result = `Workflow ${interruption.how.replace('_', ' ')}`;
  return open.map(({ running: _, ...span }) => ({
    ...span,
    endTimeUnixNano: String(later(interruption.at, BigInt(span.startTimeUnixNano))),
    // The words of a status leave the process on the business's spans alone.
    status: { code: 'ERROR', ...(isBusinessSpan(span) && { message: result }) },
    attributes: {
      ...span.attributes,
      ...(ATTR.sagaType in span.attributes && { [ATTR.sagaResult]: result }),
      ...(span.name === TCC_SPAN_NAMES.transaction && { [ATTR.tccResult]: result }),
      [ATTR.errorType]: `workflow_${interruption.how}`,
      [ATTR.sagaReconstructed]: true,
    },
  }));
}

/** The calls of attempts whose answering side is known, and that are not known themselves. */
function missingCalls(run: RunTrace, known: readonly StoredSpan[]): StoredSpan[] {
  const ids = new Set(known.map(({ spanId }) => spanId));
  const attemptOf = attemptsByCall(run, known);
  const calls = new Map<string, StoredSpan>();
  for (const answer of known) {
    const { parentSpanId: id = '' } = answer;
    const attempt = attemptOf.get(id);
    if (attempt !== undefined && !ids.has(id))
      calls.set(id, callAnsweredBy(answer, id, attempt, run.service));
  }
  return [...calls.values()];
}

/** The attempt of every call that may have been made, by the call's id. */
function attemptsByCall({ history }: RunTrace, known: readonly StoredSpan[]): ReadonlyMap<string, string> {
  const attemptOf = new Map<string, string>();
  for (const { parent, attempts } of history.activities) {
    const highest = Math.max(attempts, highestAttempt(known, parent.spanId));
    for (let attempt = 1; attempt <= highest; attempt++) {
      for (let call = 1; call <= MAX_CALLS; call++) {
        attemptOf.set(attemptSpanId(parent.spanId, attempt, call), attemptSpanId(parent.spanId, attempt, 0));
      }
    }
  }
  return attemptOf;
}

function callAnsweredBy(
  answer: StoredSpan,
  spanId: string,
  parentSpanId: string,
  service: string,
): StoredSpan {
  const {
    [ATTR.httpRequestMethod]: method = '_OTHER',
    [ATTR.urlScheme]: scheme = 'http',
    [ATTR.serverAddress]: address = '',
    [ATTR.serverPort]: port = 80,
    [ATTR.urlPath]: path = '',
  } = answer.attributes;
  return {
    spanId,
    parentSpanId,
    name: answer.name,
    kind: 'CLIENT',
    service,
    startTimeUnixNano: answer.startTimeUnixNano,
    endTimeUnixNano: answer.endTimeUnixNano,
    status: { code: 'ERROR' },
    attributes: {
      [ATTR.httpRequestMethod]: method,
      [ATTR.urlFull]: `${String(scheme)}://${String(address)}:${String(port)}${String(path)}`,
      [ATTR.serverAddress]: address,
      [ATTR.serverPort]: port,
      [ATTR.errorType]: PROCESS_DIED,
      [ATTR.sagaReconstructed]: true,
    },
    events: [],
    links: [],
  };
}

/**
 * What is still open although the run is over, above or below the run, or where its order was placed: a caller may have
 * other orders in the same trace.
 */
function unfinished(run: RunTrace, rebuilt: readonly StoredSpan[]): StoredSpan[] {
  const { history, stored, runId } = run;
  if (history.closedAt === undefined) return [];
  const written = new Set(rebuilt.map(({ spanId }) => spanId));
  const byId = new Map([...stored, ...rebuilt].map((span) => [span.spanId, span]));
  const isRun = ({ attributes, name }: StoredSpan) =>
    attributes[ATTR.temporalRunId] === runId && name.startsWith('RunWorkflow:');
  const aboveRun = ancestors([...byId.values()].find(isRun), byId);
  const placed = placedIn(aboveRun, byId);
  const isOfOrder = (span: StoredSpan) => isRun(span) || span === placed;
  return stored
    .filter(({ running, spanId }) => running === true && !written.has(spanId))
    .filter((span) => aboveRun.includes(span) || ancestors(span, byId).some(isOfOrder))
    .map(({ running: _, ...span }) => ({
      ...span,
      endTimeUnixNano: String(lastSignOf(span, stored)),
      status: { code: 'ERROR' },
      attributes: { ...span.attributes, [ATTR.errorType]: PROCESS_DIED, [ATTR.sagaReconstructed]: true },
    }));
}

/** The span below which this order, and no other, was priced and started. */
function placedIn(
  [start, placed]: readonly StoredSpan[],
  byId: ReadonlyMap<string, StoredSpan>,
): StoredSpan | undefined {
  const siblings = [...byId.values()].filter(
    ({ name, parentSpanId }) => parentSpanId === placed?.spanId && name.startsWith('StartWorkflow:'),
  );
  return siblings.length === 1 && siblings[0] === start ? placed : undefined;
}

function ancestors(span: StoredSpan | undefined, byId: ReadonlyMap<string, StoredSpan>): StoredSpan[] {
  const parent = byId.get(span?.parentSpanId ?? '');
  return parent === undefined ? [] : [parent, ...ancestors(parent, byId)];
}

/** The latest moment at which `span` was certainly still open: the end of what stands below it. */
function lastSignOf(span: StoredSpan, stored: readonly StoredSpan[]): bigint {
  return stored
    .filter(({ parentSpanId, running }) => parentSpanId === span.spanId && running !== true)
    .map(({ endTimeUnixNano }) => BigInt(endTimeUnixNano))
    .reduce(later, BigInt(span.startTimeUnixNano));
}

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
