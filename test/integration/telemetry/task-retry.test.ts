import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Client } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, Worker } from '@temporalio/worker';
import { pino } from 'pino';
import { StartTracing } from '../../../src/telemetry/client-interceptor';
import { startTelemetry } from '../../../src/telemetry/start-telemetry';
import { openTraceStore } from '../../../src/telemetry/trace-store';
import { workflowSpanSink } from '../../../src/telemetry/workflow-span-sink';
import { connectTestEnvironment } from '../../support/temporal';
import { temporaryDirectories } from '../../unit/telemetry/temporary-directory';
import type { retriedTaskWorkflow } from './retried-workflows';

const newDirectory = temporaryDirectories();
let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  environment = await connectTestEnvironment();
});
afterAll(() => environment.teardown());

it('has each span once, as the last run of its workflow task had it', async () => {
  const config = { dataDir: newDirectory(), logLevel: 'silent' as const };
  const telemetry = startTelemetry({ service: 'order-service', config, environment: {} });
  const exported: string[] = [];
  const sinks = workflowSpanSink(telemetry);
  const { changed } = sinks.workflowSpans;
  const watched = {
    ...sinks,
    workflowSpans: {
      changed: {
        ...changed,
        fn: (...[info, spans]: Parameters<typeof changed.fn>) => {
          exported.push(...spans.ended.map(({ name }) => name));
          return changed.fn(info, spans);
        },
      },
    },
  };
  const taskQueue = `retried-${randomUUID()}`;
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    workflowBundle: await bundleWorkflowCode({
      workflowsPath: require.resolve('./retried-workflows'),
      workflowInterceptorModules: [require.resolve('../../../src/workflows/interceptors')],
      logger: pino({ level: 'silent' }) as never,
    }),
    sinks: watched,
  });
  const client = new Client({
    connection: environment.connection,
    interceptors: { workflow: [new StartTracing({ tracer: telemetry.tracer })] },
  });
  const traceId = await worker.runUntil(() =>
    client.workflow.execute<typeof retriedTaskWorkflow>('retriedTaskWorkflow', {
      taskQueue,
      workflowId: taskQueue,
    }),
  );
  await telemetry.shutdown();

  // What the task that failed had made never left the isolate.
  expect(exported.filter((name) => name === 'Step: Create Order')).toHaveLength(1);
  const store = openTraceStore(config);
  const spans = store.spansOf(traceId);
  store.close();
  expect(spans.map(({ name }) => name).sort()).toEqual([
    'RunWorkflow:retriedTaskWorkflow',
    'StartWorkflow:retriedTaskWorkflow',
    'Step: Create Order',
  ]);
  expect(spans.find(({ name }) => name.startsWith('Step'))?.attributes['saga.result']).toBe('second');
  for (const { running } of spans) expect(running).toBeUndefined();
});
