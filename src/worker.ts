import { Client } from '@temporalio/client';
import type { Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { WorkflowBundleOption } from '@temporalio/worker';
import type { Config } from './config/config';
import { connectTemporal } from './temporal/connection';
import { ensureSearchAttributes } from './temporal/search-attributes';
import { orderWorkerOptions } from './temporal/worker-options';
import { workflowBundle } from './temporal/workflow-bundle';
import type { RunningPart } from './stack/part';
import { installTemporalRuntime } from './telemetry/temporal-logger';
import type { StartedTelemetry } from './telemetry/telemetry';
import { TraceSweep } from './trace-repair/trace-sweep';
import { ORDERS_TASK_QUEUE } from './workflows/definitions';

/**
 * Runs a worker of the order workflows until it is stopped; a stop lets running activities finish within
 * `WORKER_SHUTDOWN_GRACE_MS`. A worker that dies by itself ends the process, so that whoever runs it restarts
 * it.
 *
 * @throws TemporalUnreachableError when no Temporal server answers.
 */
export async function startWorker(deps: {
  readonly config: Config;
  readonly telemetry: StartedTelemetry;
}): Promise<RunningPart> {
  const { config, telemetry } = deps;
  // Whoever runs this part decides what a signal means; Temporal would shut its workers down by itself.
  installTemporalRuntime(telemetry.logger, { shutdownSignals: [] });
  const temporal = await connectTemporal(config);
  const { namespace } = temporal;
  try {
    await ensureSearchAttributes(temporal.connection, namespace);
    const connection = await NativeConnection.connect(temporal.connectionOptions);
    const bundle = await workflowBundle(config.worker.workflowBundle);
    const setUp = { config, telemetry, namespace, workflowBundle: bundle };
    const worker = await Worker.create(orderWorkerOptions({ ...setUp, connection }));
    const sweep = startSweep({ ...setUp, connection: temporal.connection });
    return runningWorker(worker, { namespace, telemetry }, async () => {
      await sweep?.stop();
      await connection.close();
      await temporal.connection.close();
    });
  } catch (error) {
    await temporal.connection.close();
    throw error;
  }
}

function runningWorker(
  worker: Worker,
  { namespace, telemetry }: { readonly namespace: string; readonly telemetry: StartedTelemetry },
  close: () => Promise<void>,
): RunningPart {
  let stopping = false;
  const ended = worker.run().catch((error: unknown) => {
    telemetry.logger.fatal({ err: error }, 'the worker failed');
    process.exitCode = 1;
    if (!stopping) process.kill(process.pid, 'SIGTERM');
  });
  return {
    name: 'worker',
    address: `task queue ${ORDERS_TASK_QUEUE} of ${namespace}`,
    async stop() {
      stopping = true;
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await ended;
      await close();
    },
  };
}

/** What died with a worker before is found when the next one starts; none when it is switched off. */
function startSweep({
  config,
  telemetry,
  namespace,
  connection,
  workflowBundle: bundle,
}: {
  readonly config: Config;
  readonly telemetry: StartedTelemetry;
  readonly namespace: string;
  readonly connection: Connection;
  readonly workflowBundle: WorkflowBundleOption;
}): TraceSweep | undefined {
  const { dataDir, traceSweep, traceStore } = config;
  if (traceSweep.intervalMs === 0 || !traceStore) return undefined;
  return new TraceSweep({
    client: new Client({ connection, namespace }),
    dataDir,
    telemetry,
    workflowBundle: bundle,
    ...traceSweep,
  });
}
