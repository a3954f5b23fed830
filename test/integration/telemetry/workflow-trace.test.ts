import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { context, propagation, ROOT_CONTEXT, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { Client } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WorkflowBundle } from '@temporalio/worker';
import { bundleWorkflowCode, Runtime, Worker } from '@temporalio/worker';
import type { FastifyInstance } from 'fastify';
import { fastify } from 'fastify';
import { Kysely, sql, SqliteDialect } from 'kysely';
import Database from 'libsql';
import { pino } from 'pino';
import { activityTracing } from '../../../src/telemetry/activity-interceptor';
import { StartTracing } from '../../../src/telemetry/client-interceptor';
import { databaseTracing } from '../../../src/telemetry/database-tracing';
import { httpServerTracing } from '../../../src/telemetry/http-server-tracing';
import { createLogger } from '../../../src/telemetry/logger';
import { temporalLogger } from '../../../src/telemetry/temporal-logger';
import { toStoredSpan } from '../../../src/telemetry/stored-span';
import { workflowSpanSink } from '../../../src/telemetry/workflow-span-sink';
import { eventually } from '../../support/eventually';
import { connectTestEnvironment } from '../../support/temporal';
import { memoryTelemetry } from '../../unit/telemetry/memory-telemetry';
import { createTracedActivities } from './traced-activities';
import type { TracedInput, TracedResult } from './traced-workflows';
import { goSignal, progressQuery, touchUpdate, tracedWorkflow } from './traced-workflows';

const SECRET = 'canary-4242424242424242';

const exporter = new InMemorySpanExporter();
const cli = memoryTelemetry('orders-cli', exporter);
const worker = memoryTelemetry('order-service', exporter);
const service = memoryTelemetry('inventory-service', exporter);

const logLines: string[] = [];

let environment: TestWorkflowEnvironment;
let bundle: WorkflowBundle;
let app: FastifyInstance;
let db: Kysely<{ reservations: { secret: string } }>;
let baseUrl: string;

beforeAll(async () => {
  // In place of the runtime that every other test has: this one's log lines are looked at.
  await Runtime.instance().shutdown();
  const logger = createLogger('order-service', 'info', { write: (line) => void logLines.push(line) });
  Runtime.install({ logger: temporalLogger(logger) });
  environment = await connectTestEnvironment();
  bundle = await bundleWorkflowCode({
    workflowsPath: require.resolve('./traced-workflows'),
    workflowInterceptorModules: [require.resolve('../../../src/workflows/interceptors')],
    logger: pino({ level: 'silent' }) as never,
  });
  db = new Kysely({
    dialect: new SqliteDialect({ database: new Database(':memory:') }),
    log: databaseTracing(service.tracer, 'sqlite', 'inventory'),
  });
  await sql`create table reservations (secret text)`.execute(db);
  app = fastify();
  app.register(httpServerTracing, { tracer: service.tracer });
  app.register((routes, _options, registered) => {
    routes.post<{ Body: { secret: string } }>('/reservations', async (request) => {
      await db.insertInto('reservations').values({ secret: request.body.secret }).execute();
      return { secret: request.body.secret };
    });
    registered();
  });
  baseUrl = await app.listen({ host: '127.0.0.1', port: 0 });
});

afterAll(async () => {
  await app.close();
  await db.destroy();
  await environment.teardown();
});

beforeEach(() => {
  exporter.reset();
  logLines.length = 0;
});

interface Run {
  readonly input?: Partial<TracedInput>;
  readonly traceparent?: Record<string, string>;
  readonly maxCachedWorkflows?: number;
  /** Something to do before the workflow may go on. */
  readonly meanwhile?: (handle: Awaited<ReturnType<typeof start>>) => Promise<unknown>;
}

async function start(taskQueue: string, input: Partial<TracedInput> = {}) {
  const client = new Client({
    connection: environment.connection,
    interceptors: { workflow: [new StartTracing({ tracer: cli.tracer })] },
  });
  return client.workflow.start(tracedWorkflow, {
    taskQueue,
    workflowId: `traced-${randomUUID()}`,
    args: [{ secret: SECRET, ...input }],
    memo: { note: SECRET },
  });
}

/** Runs one workflow on a worker of its own; resolves when all its spans are there. */
async function run(options: Run = {}): Promise<{ spans: ReadableSpan[]; result: TracedResult | undefined }> {
  const taskQueue = `traced-${randomUUID()}`;
  const running = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    workflowBundle: bundle,
    activities: createTracedActivities({ tracer: worker.tracer, baseUrl }),
    interceptors: { activity: [activityTracing(worker.tracer)] },
    sinks: workflowSpanSink(worker),
    ...(options.maxCachedWorkflows !== undefined && { maxCachedWorkflows: options.maxCachedWorkflows }),
  });
  return running.runUntil(async () => {
    const caller = propagation.extract(ROOT_CONTEXT, options.traceparent ?? {});
    const handle = await context.with(caller, () => start(taskQueue, options.input));
    await options.meanwhile?.(handle);
    await handle.signal(goSignal);
    const result = await handle.result().catch(() => undefined);
    await eventually(
      () => exporter.getFinishedSpans().some((span) => span.name === 'RunWorkflow:tracedWorkflow'),
      Boolean,
      'RunWorkflow',
    );
    return { spans: exporter.getFinishedSpans(), result };
  });
}

/** `service name < parent`, in the order of the tree. */
function tree(spans: readonly ReadableSpan[], parentId?: string, depth = 0): string[] {
  return spans
    .filter((span) => span.parentSpanContext?.spanId === parentId)
    .sort((a, b) => compareTimes(a, b))
    .flatMap((span) => [
      `${'  '.repeat(depth)}${String(span.resource.attributes['service.name'])} ${span.name}`,
      ...tree(spans, span.spanContext().spanId, depth + 1),
    ]);
}

function compareTimes(a: ReadableSpan, b: ReadableSpan): number {
  return a.startTime[0] - b.startTime[0] || a.startTime[1] - b.startTime[1];
}

function expectOneWholeTrace(spans: readonly ReadableSpan[]): void {
  const ids = spans.map((span) => span.spanContext().spanId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(1);
  expect(tree(spans)).toHaveLength(spans.length);
}

const ATTEMPT = (indent: string) => [
  `${indent}order-service RunActivity:reserve`,
  `${indent}  order-service POST /reservations`,
  `${indent}    inventory-service POST /reservations`,
  `${indent}      inventory-service INSERT reservations`,
];

const WHOLE_TREE = [
  'orders-cli StartWorkflow:tracedWorkflow',
  '  order-service RunWorkflow:tracedWorkflow',
  '    order-service Step: Reserve Inventory',
  '      order-service StartActivity:reserve',
  ...ATTEMPT('        '),
  ...ATTEMPT('        '),
  '      order-service Compensation: Release Inventory',
  '    order-service StartActivity:reserve',
  ...ATTEMPT('      '),
];

describe('the trace of a workflow', () => {
  it('is one tree from the client through workflow, attempts and HTTP to the database', async () => {
    const { spans, result } = await run();
    expectOneWholeTrace(spans);
    expect(tree(spans)).toEqual(WHOLE_TREE);
    expect(result?.traceId).toBe(spans[0]?.spanContext().traceId);

    const attempts = spans.filter((span) => span.name === 'RunActivity:reserve').sort(compareTimes);
    expect(attempts.map((span) => span.attributes['temporal.activity.attempt'])).toEqual([1, 2, 1]);
    expect(attempts.map((span) => span.status.code)).toEqual([
      SpanStatusCode.ERROR,
      SpanStatusCode.OK,
      SpanStatusCode.OK,
    ]);
    const step = spans.find((span) => span.name.startsWith('Step:'));
    const compensation = spans.find((span) => span.name.startsWith('Compensation:'));
    expect(compensation?.links).toMatchObject([{ context: step?.spanContext() }]);
    expect(compensation?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'The card was declined' });
    expect(spans.find((span) => span.name.startsWith('RunWorkflow'))?.parentSpanContext?.isRemote).toBe(true);
  });

  it('keeps payloads, memo, results and error texts out of spans and log lines', async () => {
    const { spans } = await run({ input: { refused: true } });
    expect(spans.find((span) => span.name === 'RunActivity:refuse')).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message: 'Not enough stock' },
      attributes: { 'error.type': 'out_of_stock' },
    });
    expect(spans.find((span) => span.name === 'RunWorkflow:tracedWorkflow')?.status.code).toBe(
      SpanStatusCode.ERROR,
    );
    await eventually(
      () => logLines.join('\n'),
      (log) => log.includes('Workflow failed') && log.includes('Activity failed'),
      'log lines of the failures',
    );
    expect(spans.map((span) => JSON.stringify(toStoredSpan(span))).join('\n')).not.toContain('canary');
    expect(logLines.join('\n')).not.toContain('canary');
  });

  it('writes the ids of the attempt on the log lines of the activity', async () => {
    const { spans } = await run();
    const line = await eventually(
      () =>
        logLines
          .map((text) => JSON.parse(text) as Record<string, unknown>)
          .find(({ msg }) => msg === 'reserved'),
      (found) => found !== undefined,
      'the log line',
    );
    const attempts = spans.filter((span) => span.name === 'RunActivity:reserve');
    expect(attempts.map((span) => span.spanContext().spanId)).toContain(line?.['span_id']);
    expect(line).toMatchObject({ trace_id: spans[0]?.spanContext().traceId, service: 'order-service' });
  });

  it('takes tracestate and baggage of the caller all the way', async () => {
    const { spans, result } = await run({
      traceparent: {
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        tracestate: 'vendor=abc',
        baggage: 'tenant=blue',
      },
    });
    expect(result).toMatchObject({ traceId: '0af7651916cd43dd8448eb211c80319c', tenant: 'blue' });
    expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(
      new Set(['0af7651916cd43dd8448eb211c80319c']),
    );
    for (const span of spans) {
      expect([span.name, span.spanContext().traceState?.serialize()]).toEqual([span.name, 'vendor=abc']);
      for (const link of span.links) expect(link.context.traceState).toBeUndefined();
    }
  });

  it('makes no span at all when the caller did not sample', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const taskQueueResult = await runUnsampled(`00-${traceId}-b7ad6b7169203331-00`);
    expect(taskQueueResult).toBe(traceId);
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  it('is whole, without a duplicate, when every workflow task replays from the start', async () => {
    const { spans } = await run({ maxCachedWorkflows: 0 });
    expectOneWholeTrace(spans);
    expect(tree(spans)).toEqual(WHOLE_TREE);
  });

  it.each([
    { cached: 'stays cached', maxCachedWorkflows: 10 },
    { cached: 'is evicted after every task', maxCachedWorkflows: 0 },
  ])(
    'keeps its ids when queries and updates pour in and the workflow $cached',
    async ({ maxCachedWorkflows }) => {
      const { spans } = await run({
        maxCachedWorkflows,
        meanwhile: async (handle) => {
          for (let round = 0; round < 10; round++) {
            await handle.query(progressQuery);
            await handle.executeUpdate(touchUpdate, { args: [String(round)] });
            await expect(handle.executeUpdate(touchUpdate, { args: [''] })).rejects.toThrow();
          }
        },
      });
      expectOneWholeTrace(spans);
      expect(tree(spans)).toEqual(WHOLE_TREE);
    },
  );

  async function runUnsampled(traceparent: string): Promise<string | undefined> {
    const taskQueue = `traced-${randomUUID()}`;
    const running = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue,
      workflowBundle: bundle,
      activities: createTracedActivities({ tracer: worker.tracer, baseUrl }),
      interceptors: { activity: [activityTracing(worker.tracer)] },
      sinks: workflowSpanSink(worker),
    });
    return running.runUntil(async () => {
      const handle = await context.with(propagation.extract(ROOT_CONTEXT, { traceparent }), () =>
        start(taskQueue),
      );
      await handle.signal(goSignal);
      return (await handle.result()).traceId;
    });
  }
});
