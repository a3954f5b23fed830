import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { HistoryAndWorkflowId } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import type { OpenTelemetrySinks } from '@temporalio/interceptors-opentelemetry';
import type { InjectedSinks, WorkflowBundleOption } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import type { MeasurementSinks } from '../saga/measurements';
import type { OpenSpanSinks } from '../saga/open-spans';
import { fromIsolate, isSampled } from '../telemetry/workflow-span-sink';

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
  const runs = new Map<string, { ended: ReadableSpan[]; open: ReadableSpan[] }>();
  const runOf = (runId: string) => {
    const run = runs.get(runId) ?? { ended: [], open: [] };
    runs.set(runId, run);
    return run;
  };
  const sinks: InjectedSinks<OpenTelemetrySinks & OpenSpanSinks & MeasurementSinks> = {
    // What is replayed was counted when it happened.
    measurements: { record: { callDuringReplay: false, fn: () => undefined } },
    exporter: {
      export: {
        callDuringReplay: true,
        fn: (info, spans) => {
          runOf(info.runId).ended.push(...spans.map((span) => fromIsolate(span, info, resource)));
        },
      },
    },
    openSpans: {
      report: {
        callDuringReplay: true,
        fn: (info, spans) => {
          const sampled = spans.filter(isSampled);
          runOf(info.runId).open = sampled.map((span) => fromIsolate(span, info, resource));
        },
      },
    },
  };
  const options = { workflowBundle, dataConverter, sinks, replayName: 'trace-repair' };
  for await (const { workflowId, runId, error } of Worker.runReplayHistories(options, histories)) {
    yield { workflowId, ...runOf(runId), ...(error !== undefined && { error }) };
    runs.delete(runId);
  }
}
