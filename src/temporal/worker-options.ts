import type { NativeConnection, WorkerOptions, WorkflowBundleOption } from '@temporalio/worker';
import type { Config } from '../config/config';
import { activityTracing } from '../telemetry/activity-interceptor';
import type { StartedTelemetry } from '../telemetry/telemetry';
import type { SagaMeter } from '../telemetry/saga-meter';
import { workflowSpanSink } from '../telemetry/workflow-span-sink';
import { ORDERS_TASK_QUEUE } from '../workflows/definitions';
import type { GuardianActivities } from '../workflows/definitions';
import { dataConverterOf } from './data-converter';
import { createActivities } from '../activities/activities';

/** What a worker of the order workflows needs to be made. */
export interface WorkerDeps {
  readonly config: Config;
  readonly telemetry: StartedTelemetry;
  readonly meter: SagaMeter;
  readonly connection: NativeConnection;
  readonly namespace: string;
  /** Workflows and their interceptors: see `workflow-bundle.ts`. */
  readonly workflowBundle: WorkflowBundleOption;
  readonly guardian: GuardianActivities;
}

/** What cancelling whatever still runs after the grace may take, ms. */
export const FORCE_AFTER_GRACE_MS = 10_000;

/**
 * How a worker of the order workflows is set up, each choice with its reason.
 */
export function orderWorkerOptions(deps: WorkerDeps): WorkerOptions {
  const { config, telemetry, meter, connection, namespace, workflowBundle, guardian } = deps;
  const { worker } = config;
  return {
    connection,
    namespace,
    taskQueue: ORDERS_TASK_QUEUE,
    workflowBundle,
    dataConverter: dataConverterOf(config),
    activities: { ...createActivities(telemetry.tracer, config), ...guardian },
    interceptors: {
      activity: [activityTracing(telemetry.tracer, new Set(Object.keys(guardian)))],
    },
    sinks: { ...workflowSpanSink(telemetry), ...meter.sinks },
    // 0, the SDK's default, abandons running activities: their steps would end unknown for no reason.
    shutdownGraceTime: worker.shutdownGraceMs,
    // A worker that was told to stop does stop: what it leaves is taken up by another one.
    shutdownForceTime: worker.shutdownGraceMs + FORCE_AFTER_GRACE_MS,
    maxConcurrentWorkflowTaskExecutions: worker.maxConcurrentWorkflowTasks,
    maxConcurrentActivityTaskExecutions: worker.maxConcurrentActivities,
    maxConcurrentLocalActivityExecutions: worker.maxConcurrentActivities,
    maxCachedWorkflows: worker.maxCachedWorkflows,
    // An order stays with the code that it began on: whatever a new build changes, it replays no old history.
    ...(worker.version !== undefined && {
      workerDeploymentOptions: {
        version: worker.version,
        useWorkerVersioning: true,
        defaultVersioningBehavior: 'PINNED' as const,
      },
    }),
    // How long an order waits for the worker that knew it before any other may take it (default 10 s): the
    // other half, besides a step's timeout, of what a killed worker costs.
    stickyQueueScheduleToStartTimeout: worker.stickyTimeoutMs,
  };
}
