import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { privateConfig } from '../src/stack/private-stack';
import { StartTracing } from '../src/telemetry/client-interceptor';
import { startTelemetry } from '../src/telemetry/start-telemetry';
import { startDevServer } from '../src/temporal/dev-server';
import { runScript, wholeNumber } from '../scripts/support/script';
import { residentMb } from '../test/support/resident-memory';
import { TsProcess } from '../test/support/ts-process';
import { inParallel, measureBusy } from './measure';
import type { Subject } from './measure';

const USAGE = `npm run bench:scaling -- [--kept 10000] [--busy 400] [--cached 1000] [--json]

What one worker and two do, what orders that are kept cost those to come, and what an order that waits takes of its worker's
memory: traced sagas of four no-op steps, with local first attempts, on one machine.`;

const TASK_QUEUE = 'scaling';
const say = (line: string) => process.stderr.write(`${line}\n`);

interface Scaling {
  /** Orders a second, 50 at a time. */
  readonly oneWorker: number;
  readonly twoWorkers: number;
  /** By how many orders the server kept at that time. */
  readonly byKept: readonly { readonly kept: number; readonly perSecond: number; readonly p50: number }[];
  /** MB of the worker's memory for 1,000 orders that wait. */
  readonly mbPerThousandCached: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kept: { type: 'string', default: '10000' },
      busy: { type: 'string', default: '400' },
      cached: { type: 'string', default: '1000' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const scaling = await measureAll({
    kept: wholeNumber(values.kept, USAGE),
    busy: wholeNumber(values.busy, USAGE),
    cached: wholeNumber(values.cached, USAGE),
  });
  process.stdout.write(values.json ? `${JSON.stringify(scaling, undefined, 2)}\n` : `${textOf(scaling)}\n`);
}

async function measureAll({
  kept,
  busy,
  cached,
}: {
  readonly kept: number;
  readonly busy: number;
  readonly cached: number;
}): Promise<Scaling> {
  const own = await privateConfig({ LOG_LEVEL: 'error', WORKER_MAX_CACHED_WORKFLOWS: String(cached * 2) });
  const server = await startDevServer({ config: own.config, persistent: false, ui: false, onProgress: say });
  const environment = { ...process.env, ...own.environment, TEMPORAL_ADDRESS: server.address };
  const newWorker = async () => {
    const worker = new TsProcess('bench/worker-process.ts', ['traced', TASK_QUEUE], environment);
    await worker.said(/ready/);
    return worker;
  };
  const telemetry = startTelemetry({ service: 'orders-cli', config: own.config, environment: {} });
  const connection = await Connection.connect({ address: server.address });
  const client = new Client({
    connection,
    interceptors: { workflow: [new StartTracing({ tracer: telemetry.tracer })] },
  });
  const worker = await newWorker();
  let done = 0;
  const run = async () => {
    const workflowId = `scaling-${randomUUID()}`;
    await client.workflow.execute('sagaLocal', { taskQueue: TASK_QUEUE, workflowId });
    done++;
    return { workflowId };
  };
  const throughput = async () => {
    const subject: Subject = { name: 'saga', run, processes: {} };
    return measureBusy(subject, server.pid, { busy, parallel: 50 });
  };
  try {
    await inParallel(200, 50, run);
    say('one worker');
    const one = await throughput();
    const byKept = [{ kept: done, perSecond: one.perSecond, p50: one.busyP50 }];
    say('two workers');
    const second = await newWorker();
    await inParallel(100, 50, run);
    const two = await throughput().finally(() => second.dispose());
    say(`${String(cached)} orders that wait`);
    const before = residentMb(worker.pid);
    const waiting = (index: number) => `waiting-${String(index)}`;
    let next = 0;
    await inParallel(cached, 50, async () => {
      const workflowId = waiting(next++);
      await client.workflow.start('sagaWaiting', { taskQueue: TASK_QUEUE, workflowId });
      // The answer of a query comes when it waits.
      await client.workflow.getHandle(workflowId).query('__stack_trace');
    });
    const mbPerThousandCached = ((residentMb(worker.pid) - before) * 1_000) / cached;
    next = 0;
    await inParallel(cached, 50, () => client.workflow.getHandle(waiting(next++)).signal('goOn'));
    say(`until ${String(kept)} orders are kept`);
    await inParallel(Math.max(0, kept - done), 50, run);
    const full = await throughput();
    byKept.push({ kept: done, perSecond: full.perSecond, p50: full.busyP50 });
    return { oneWorker: one.perSecond, twoWorkers: two.perSecond, byKept, mbPerThousandCached };
  } finally {
    await connection.close();
    await telemetry.shutdown();
    await worker.dispose();
    await server.stop();
    await own.remove();
  }
}

function textOf({ oneWorker, twoWorkers, byKept, mbPerThousandCached }: Scaling): string {
  const two = (twoWorkers / oneWorker).toFixed(2);
  return [
    `1 worker: ${oneWorker.toFixed(1)} orders/s; 2 workers on the same machine: ${twoWorkers.toFixed(1)} (×${two})`,
    ...byKept.map(
      ({ kept, perSecond, p50 }) =>
        `${String(kept)} orders kept: ${perSecond.toFixed(1)} orders/s, p50 ${p50.toFixed(0)} ms`,
    ),
    `1,000 orders that wait: ${mbPerThousandCached.toFixed(0)} MB of the worker's memory`,
  ].join('\n');
}

runScript(main);
