import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { WorkflowBundleOption } from '@temporalio/worker';
import type { Config } from './config/config';
import { connectTemporal } from './temporal/connection';
import { dataConverterOf } from './temporal/data-converter';
import { ensureSearchAttributes } from './temporal/search-attributes';
import { orderWorkerOptions } from './temporal/worker-options';
import { workflowBundle } from './temporal/workflow-bundle';
import type { RunningPart } from './stack/part';
import { ALL_STEPS, ORDER_SETTLEMENT, ORDER_TRANSACTION } from './domain/steps';
import { guardianActivities } from './guardian/guardian';
import { scheduleGuardian } from './guardian/schedule';
import { createHttpApp } from './http/http-app';
import type { HttpApp } from './http/http-app';
import { listen } from './http/listen';
import { countOrders } from './orders/order-list';
import { observeOrders } from './orders/order-metrics';
import { SagaMeter } from './telemetry/saga-meter';
import { coreMetrics, installWorkerRuntime } from './temporal/core-metrics';
import type { StartedTelemetry } from './telemetry/telemetry';
import { TraceSweep } from './trace-repair/trace-sweep';
import { ORDERS_TASK_QUEUE } from './workflows/definitions';

/** Longest wait of a scrape for Temporal's counts, ms. */
const COUNT_TIMEOUT_MS = 3_000;

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
  await installWorkerRuntime(telemetry.logger);
  const temporal = await connectTemporal(config);
  const { namespace } = temporal;
  try {
    await ensureSearchAttributes(temporal.connection, namespace);
    const connection = await NativeConnection.connect(temporal.connectionOptions);
    const bundle = await workflowBundle(config.worker);
    const setUp = { config, telemetry, namespace, workflowBundle: bundle };
    const meter = new SagaMeter(telemetry.metrics.meter, {
      expected: {
        saga: ORDER_TRANSACTION,
        others: [ORDER_SETTLEMENT],
        compensations: ALL_STEPS.map(({ compensation }) => compensation.name),
      },
    });
    const dataConverter = dataConverterOf(config);
    const client = new Client({ connection: temporal.connection, namespace, dataConverter });
    const guardian = guardianActivities({ ...setUp, client });
    const worker = await Worker.create(orderWorkerOptions({ ...setUp, connection, meter, guardian }));
    await scheduleGuardian(client, config.guardian.intervalMs);
    const probes = await startProbes({ config, telemetry, worker, client });
    const sweep = startSweep({ ...setUp, client });
    return runningWorker(worker, { namespace, telemetry }, async () => {
      meter.flush();
      await sweep?.stop();
      await probes.close();
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

/** `/healthz`, `/readyz` and `/metrics` of the worker: its own, and those of Temporal's core. */
async function startProbes({
  config,
  telemetry,
  worker,
  client,
}: {
  readonly config: Config;
  readonly telemetry: StartedTelemetry;
  readonly worker: Worker;
  readonly client: Client;
}): Promise<HttpApp> {
  observeOrders(telemetry, () =>
    client.withDeadline(Date.now() + COUNT_TIMEOUT_MS, () => countOrders(client, {})),
  );
  const app = createHttpApp({
    telemetry,
    ready: async () => {
      if (worker.getState() !== 'RUNNING')
        throw new Error(`The worker is ${worker.getState().toLowerCase()}`);
      await client.connection.ensureConnected();
    },
    moreMetrics: () => coreMetrics(telemetry.logger),
  });
  await listen(app, { host: config.host, port: config.metricsPort, variable: 'METRICS_PORT' });
  return app;
}

/** What died with a worker before is found when the next one starts; none when it is switched off. */
function startSweep({
  config,
  telemetry,
  client,
  workflowBundle: bundle,
}: {
  readonly config: Config;
  readonly telemetry: StartedTelemetry;
  readonly client: Client;
  readonly workflowBundle: WorkflowBundleOption;
}): TraceSweep | undefined {
  const { dataDir, traceSweep, traceStore } = config;
  if (traceSweep.intervalMs === 0 || !traceStore) return undefined;
  return new TraceSweep({
    client,
    dataDir,
    telemetry,
    workflowBundle: bundle,
    dataConverter: dataConverterOf(config),
    ...traceSweep,
  });
}
