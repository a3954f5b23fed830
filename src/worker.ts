import { NativeConnection, Worker } from '@temporalio/worker';
import type { Config } from './config/config';
import { connectTemporal } from './temporal/connection';
import { ensureSearchAttributes } from './temporal/search-attributes';
import { orderWorkerOptions } from './temporal/worker-options';
import { workflowBundle } from './temporal/workflow-bundle';
import type { RunningPart } from './stack/part';
import { installTemporalRuntime } from './telemetry/temporal-logger';
import type { StartedTelemetry } from './telemetry/telemetry';
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
  const { connection: client, namespace, connectionOptions } = await connectTemporal(config);
  try {
    await ensureSearchAttributes(client, namespace);
  } finally {
    await client.close();
  }

  const connection = await NativeConnection.connect(connectionOptions);
  const bundle = await workflowBundle(config.worker.workflowBundle);
  const worker = await Worker.create(
    orderWorkerOptions({ config, telemetry, connection, namespace, workflowBundle: bundle }),
  );
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
      await connection.close();
    },
  };
}
