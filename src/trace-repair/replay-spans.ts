import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { HistoryAndWorkflowId } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import type { InjectedSinks, WorkflowBundleOption } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import type { MeasurementSinks } from '../saga/measurements';
import { fromIsolate } from '../telemetry/workflow-span-sink';
import type { WorkflowSpanSinks } from '../workflow-tracing/span-data';

/** Every span of the workflow's own that a run has made, by a replay of its history. */
export interface ReplayedRun {
  readonly workflowId: string;
  readonly ended: readonly ReadableSpan[];
  /** Not ended when the history stops: the run goes on, or was interrupted. */
  readonly open: readonly ReadableSpan[];
  /** Why the replay stopped early: the workflow's code does not go with this history. */
  readonly error?: Error;
}

/**
 * Replays histories and gives the spans that the workflow made, in the order of the histories: ids, times and
 * contents are those of the first run, because all of them follow from the history.
 */
export async function* replaySpans(
  histories: AsyncIterable<HistoryAndWorkflowId> | Iterable<HistoryAndWorkflowId>,
  {
    workflowBundle,
    dataConverter,
    resource,
  }: {
    readonly workflowBundle: WorkflowBundleOption;
    /** That of whoever wrote the histories. */
    readonly dataConverter: DataConverter;
    readonly resource: Resource;
  },
): AsyncGenerator<ReplayedRun> {
  const runs = new Map<string, { ended: ReadableSpan[]; open: Map<string, ReadableSpan> }>();
  const runOf = (runId: string) => {
    const run = runs.get(runId) ?? { ended: [], open: new Map<string, ReadableSpan>() };
    runs.set(runId, run);
    return run;
  };
  const sinks: InjectedSinks<WorkflowSpanSinks & MeasurementSinks> = {
    // What is replayed was counted when it happened.
    measurements: { record: { callDuringReplay: false, fn: () => undefined } },
    workflowSpans: {
      changed: {
        callDuringReplay: true,
        fn: (info, { ended, open }) => {
          const run = runOf(info.runId);
          for (const span of open) run.open.set(span.spanId, fromIsolate(span, info, resource));
          for (const span of ended) {
            run.open.delete(span.spanId);
            run.ended.push(fromIsolate(span, info, resource));
          }
        },
      },
    },
  };
  const options = { workflowBundle, dataConverter, sinks, replayName: 'trace-repair' };
  for await (const { workflowId, runId, error } of Worker.runReplayHistories(options, histories)) {
    const { ended, open } = runOf(runId);
    yield { workflowId, ended, open: [...open.values()], ...(error !== undefined && { error }) };
    runs.delete(runId);
  }
}
