import { activityInfo } from '@temporalio/activity';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { loadConfig } from '../src/config/config';
import { refusal } from '../src/saga/outcome';
import { reportAttempts } from '../src/saga/report-attempts';
import { reportFailure, runUntilSignal } from '../src/stack/run-until-signal';
import { activityTracing } from '../src/telemetry/activity-interceptor';
import { startTelemetry } from '../src/telemetry/start-telemetry';
import { forThisNode, preloadedWith } from '../src/temporal/workflow-bundle';
import { workflowSpanSink } from '../src/telemetry/workflow-span-sink';
import type { NoOps } from './no-ops';
import { Sequences } from './peers/sequences';

/**
 * `bench/worker-process.ts bare|plain|traced <task queue> [recorded]`: a worker as large as the product's, of
 * `bare-workflows.ts`, or of `saga-workflows.ts` with or without tracing. One that is recorded says at its end, as JSON,
 * which steps its workflows have run.
 */
async function start() {
  const [kind, taskQueue, recorded] = process.argv.slice(2);
  if (kind === undefined || taskQueue === undefined) throw new Error('bare|plain|traced <task queue>');
  const sequences = recorded === undefined ? undefined : new Sequences();
  // Who ends this process is `runUntilSignal`.
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const config = loadConfig();
  const telemetry = startTelemetry({ service: 'order-service', config });
  const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
  const noOps = noOpsOf(sequences);
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowsPath: require.resolve(kind === 'bare' ? './bare-workflows' : './saga-workflows'),
    ...(kind !== 'bare' && {
      bundlerOptions: { webpackConfigHook: forThisNode, preloadModules: preloaded(kind) },
    }),
    activities: kind === 'bare' ? noOps : reportAttempts(noOps),
    maxConcurrentWorkflowTaskExecutions: config.worker.maxConcurrentWorkflowTasks,
    maxConcurrentActivityTaskExecutions: config.worker.maxConcurrentActivities,
    maxConcurrentLocalActivityExecutions: config.worker.maxConcurrentActivities,
    ...(kind === 'traced' && {
      interceptors: {
        workflowModules: [require.resolve('../src/workflows/interceptors')],
        activity: [activityTracing(telemetry.tracer, new Set())],
      },
    }),
    // The kit tells these two; only a traced worker has anything to do with it.
    sinks: {
      ...(kind === 'traced' && workflowSpanSink(telemetry)),
      measurements: { record: { fn: () => undefined } },
    },
  });
  const running = worker.run();
  process.stdout.write('ready\n');
  return {
    stop: async () => {
      worker.shutdown();
      await running;
      await connection.close();
      await telemetry.shutdown();
      if (sequences !== undefined) process.stdout.write(`${JSON.stringify(sequences.counts())}\n`);
    },
  };
}

function noOpsOf(sequences: Sequences | undefined): NoOps {
  return {
    noOp: ({ key, refused }) => {
      sequences?.add(activityInfo().workflowExecution?.workflowId ?? '', key.slice(key.lastIndexOf('/') + 1));
      return refused === true ? Promise.reject(refusal('refused', 'refused')) : Promise.resolve();
    },
  };
}

/** As the product's. */
function preloaded(kind: string): string[] {
  const own = [require.resolve('./saga-workflows')];
  if (kind === 'traced') own.push(require.resolve('../src/workflows/interceptors'));
  return preloadedWith(own);
}

runUntilSignal(start, () => undefined).catch(reportFailure);
