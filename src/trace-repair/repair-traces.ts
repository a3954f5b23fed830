import type { Resource } from '@opentelemetry/resources';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { HistoryAndWorkflowId } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import type { WorkflowBundleOption } from '@temporalio/worker';
import { publicSpan } from '../telemetry/public-span';
import { ATTR } from '../telemetry/semconv';
import { toSendableSpan } from '../telemetry/sendable-span';
import { toStoredSpan } from '../telemetry/stored-span';
import type { StoredSpan } from '../telemetry/stored-span';
import type { StartedTelemetry } from '../telemetry/telemetry';
import type { TraceStore } from '../telemetry/trace-store';
import { missingSpans } from './missing-spans';
import { replaySpans } from './replay-spans';
import { readRunHistory } from './run-history';

/** A run whose trace is to be made whole. */
export interface BrokenRun extends HistoryAndWorkflowId {
  readonly runId: string;
}

export interface TraceRepair {
  readonly workflowId: string;
  readonly runId: string;
  /** Absent when the order was not sampled: then there is nothing to repair. */
  readonly traceId?: string;
  /** What was missing and has been written. */
  readonly written: readonly StoredSpan[];
  /** Why the workflow's own spans could not be made again; nothing was written. */
  readonly error?: Error;
}

export interface RepairDeps {
  readonly store: Pick<TraceStore, 'spansOf'>;
  /** The worker's: what is written is the worker's word. */
  readonly telemetry: Pick<StartedTelemetry, 'resource' | 'spanProcessor'>;
  readonly workflowBundle: WorkflowBundleOption;
  readonly dataConverter: DataConverter;
}

/**
 * Makes the traces of `runs` whole, one after the other: the workflow is replayed from its history, and exactly the
 * spans that the store lacks are written, with the ids and times that they had. Repairing a whole trace writes
 * nothing.
 *
 * See {@link missingSpans} for what can be made again.
 */
export async function* repairTraces(
  runs: AsyncIterable<BrokenRun>,
  { store, telemetry, workflowBundle, dataConverter }: RepairDeps,
): AsyncGenerator<TraceRepair> {
  const pushed: BrokenRun[] = [];
  const remaining = runs[Symbol.asyncIterator]();
  const first = await remaining.next();
  // A replayer is dear, and mostly there is nothing to repair.
  if (first.done === true) return;
  async function* histories() {
    for (let next = first; next.done !== true; next = await remaining.next()) {
      pushed.push(next.value);
      yield next.value;
    }
  }
  const { resource } = telemetry;
  for await (const { ended, open, error } of replaySpans(histories(), {
    workflowBundle,
    dataConverter,
    resource,
  })) {
    const run = pushed.shift();
    if (run === undefined) throw new Error('More runs were replayed than given');
    const { workflowId, runId, history } = run;
    const traceId = [...ended, ...open][0]?.spanContext().traceId;
    if (traceId === undefined || error !== undefined) {
      yield { workflowId, runId, written: [], ...(error !== undefined && { error }) };
      continue;
    }
    const written = missingSpans({
      workflowId,
      runId,
      service: String(resource.attributes[ATTR.serviceName]),
      history: readRunHistory(history as Parameters<typeof readRunHistory>[0]),
      ended: ended.map(asStored),
      open: open.map(asStored),
      stored: store.spansOf(traceId),
    });
    for (const span of written) telemetry.spanProcessor.onEnd(readable(traceId, span, resource));
    yield { workflowId, runId, traceId, written };
  }
}

/** As it comes out of the store: the isolate's objects are of another realm, and equal to none of ours. */
function asStored(span: ReadableSpan): StoredSpan {
  return JSON.parse(JSON.stringify(toStoredSpan(publicSpan(span)))) as StoredSpan;
}

/** In the name of the service whose span it is. */
function readable(traceId: string, span: StoredSpan, worker: Resource): ReadableSpan {
  const isWorkers = worker.attributes[ATTR.serviceName] === span.service;
  const resource = isWorkers ? worker : resourceFromAttributes({ [ATTR.serviceName]: span.service });
  const whole = toSendableSpan(traceId, span, { scope: { name: 'trace-repair' } }, resource);
  return { ...whole, ended: span.running !== true };
}
