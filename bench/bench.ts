import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import type { Config } from '../src/config/config';
import { SAMPLE_ORDER } from '../src/domain/sample-order';
import { orderWorkflowId } from '../src/domain/ids';
import { privateConfig } from '../src/stack/private-stack';
import { PART_NAMES } from '../src/stack/start-part';
import { startTelemetry } from '../src/telemetry/start-telemetry';
import { openTraceStore } from '../src/telemetry/trace-store';
import { startDevServer } from '../src/temporal/dev-server';
import { findFreePort } from '../src/temporal/ports';
import { runScript, wholeNumber } from '../scripts/support/script';
import { Parts } from '../test/chaos/parts';
import { benchClients, startWorkers } from './bench-workers';
import { markdownTable } from './markdown';
import { inParallel, measureAlone, measureBusy, median } from './measure';
import type { Round, Subject } from './measure';
import { SUBJECT, targetTable } from './targets';

const USAGE = `npm run bench -- [--rounds 5] [--alone 30] [--busy 200] [--parallel 50] [--json]

What durability and being seen cost: everything side by side on one server, in rounds, so that whatever the machine does
meanwhile befalls all. The ratios are what counts.`;

const say = (line: string) => process.stderr.write(`${line}\n`);
const ORDER = { ...SAMPLE_ORDER, customerId: 'cus_bench', items: [{ sku: 'SKU-CABLE', quantity: 1 }] };

interface Sizes {
  readonly alone: number;
  readonly busy: number;
  readonly parallel: number;
}

interface Measured {
  readonly name: string;
  readonly rounds: readonly Round[];
  readonly historyEvents: number;
  readonly historyBytes: number;
  /** As JSON; none where nothing is traced. */
  readonly traceBytes?: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      alone: { type: 'string', default: '30' },
      busy: { type: 'string', default: '200' },
      parallel: { type: 'string', default: '50' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const measured = await bench(wholeNumber(values.rounds, USAGE), {
    alone: wholeNumber(values.alone, USAGE),
    busy: wholeNumber(values.busy, USAGE),
    parallel: wholeNumber(values.parallel, USAGE),
  });
  process.stdout.write(
    values.json
      ? `${JSON.stringify(measured, undefined, 2)}\n`
      : `${tableOf(measured)}\n\n${targetTable(measured)}\n`,
  );
}

async function bench(rounds: number, sizes: Sizes): Promise<Measured[]> {
  const own = await privateConfig({
    LOG_LEVEL: 'error',
    GATEWAY_RATE_LIMIT: '0',
    GATEWAY_MAX_EVENT_LOOP_DELAY_MS: '0',
    ORDER_WAIT_MS: '60000',
    GATEWAY_REQUEST_TIMEOUT_MS: '30000',
  });
  const { config } = own;
  const server = await startDevServer({ config, persistent: false, ui: false, onProgress: say });
  const environment = { ...own.environment, TEMPORAL_ADDRESS: server.address };
  const parts = new Parts(environment);
  // The gateway's configuration says how orders are carried out.
  const localGatewayPort = await findFreePort(config.host);
  const localGateway = new Parts({
    ...environment,
    GATEWAY_PORT: String(localGatewayPort),
    SAGA_STEP_FIRST_ATTEMPT: 'local',
    SAGA_COMPENSATION_FIRST_ATTEMPT: 'local',
  });
  const workers = startWorkers(['bare', 'plain', 'traced'], environment);
  const telemetry = startTelemetry({ service: 'orders-cli', config, environment: {} });
  const connection = await Connection.connect({ address: server.address });
  try {
    await Promise.all([
      parts.start(...PART_NAMES),
      localGateway.start('gateway'),
      ...Object.values(workers).map((worker) => worker.said(/ready/)),
    ]);
    const clients = benchClients(connection, telemetry.tracer);
    const workflow = (
      name: string,
      client: keyof typeof clients,
      taskQueue: keyof typeof workers,
      type: string,
    ): Subject => ({
      name,
      processes: { worker: workers[taskQueue].pid },
      run: () => clients[client](type, { taskQueue, workflowId: `bench-${randomUUID()}` }),
    });
    const order = (name: string, transaction: 'saga' | 'tcc', gateway: Parts, port: number): Subject => ({
      name,
      processes: Object.fromEntries(
        PART_NAMES.map((part) => [part, (part === 'gateway' ? gateway : parts).process(part).pid]),
      ),
      run: async () => {
        const response = await fetch(`http://127.0.0.1:${String(port)}/orders`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ ...ORDER, transaction }),
        });
        if (response.status !== 201) throw new Error(`POST /orders answered ${String(response.status)}`);
        const { orderId, traceId } = (await response.json()) as { orderId: string; traceId: string };
        return { workflowId: orderWorkflowId(orderId), traceId };
      },
    });
    const subjects = [
      workflow(SUBJECT.bare, 'plain', 'bare', 'bare'),
      workflow(SUBJECT.bareLocal, 'plain', 'bare', 'bareLocal'),
      workflow(SUBJECT.plain, 'plain', 'plain', 'saga'),
      workflow(SUBJECT.traced, 'traced', 'traced', 'saga'),
      workflow(SUBJECT.plainLocal, 'plain', 'plain', 'sagaLocal'),
      workflow(SUBJECT.tracedLocal, 'traced', 'traced', 'sagaLocal'),
      order(SUBJECT.order, 'saga', parts, config.gateway.port),
      order(SUBJECT.orderLocal, 'saga', localGateway, localGatewayPort),
      order(SUBJECT.tcc, 'tcc', parts, config.gateway.port),
    ];
    for (const subject of subjects) {
      say(`warming up: ${subject.name}`);
      await inParallel(100, sizes.parallel, subject.run);
    }
    const results = new Map<Subject, Round[]>(subjects.map((subject) => [subject, []]));
    for (let round = 0; round < rounds; round++) {
      const progress = (what: string) => {
        say(`round ${String(round + 1)} of ${String(rounds)}: ${what}`);
      };
      progress('one at a time');
      const alone = await measureAlone(subjects, sizes.alone);
      // Nobody always comes after the same one.
      for (const subject of rotated(subjects, round * 4)) {
        progress(`${subject.name}, ${String(sizes.parallel)} at a time`);
        const busy = await measureBusy(subject, server.pid, sizes);
        const one = alone.get(subject);
        if (one !== undefined) results.get(subject)?.push({ ...one, ...busy });
      }
    }
    const measured: Measured[] = [];
    for (const [subject, all] of results) {
      const { workflowId, traceId } = await subject.run();
      const { historyLength, raw } = await new Client({ connection }).workflow
        .getHandle(workflowId)
        .describe();
      measured.push({
        name: subject.name,
        rounds: all,
        historyEvents: historyLength,
        historyBytes: Number(raw.workflowExecutionInfo?.historySizeBytes ?? 0),
        ...(traceId !== undefined && { traceBytes: traceBytesOf(traceId, config) }),
      });
    }
    return measured;
  } finally {
    await connection.close();
    await telemetry.shutdown();
    await Promise.all([
      parts.dispose(),
      localGateway.dispose(),
      ...Object.values(workers).map((worker) => worker.dispose()),
    ]);
    await server.stop();
    await own.remove();
  }
}

function traceBytesOf(traceId: string, config: Config): number {
  const store = openTraceStore(config);
  try {
    return JSON.stringify(store.spansOf(traceId)).length;
  } finally {
    store.close();
  }
}

function rotated<T>(all: readonly T[], by: number): readonly T[] {
  const from = by % all.length;
  return [...all.slice(from), ...all.slice(0, from)];
}

/** As Markdown; the ratios are to the first subject's, median of the rounds, with the lowest and the highest. */
function tableOf(measured: readonly Measured[]): string {
  const baseline = measured[0]?.rounds ?? [];
  const head = [
    '',
    'p50, 1 at a time',
    'p99',
    'orders/s, many at a time',
    'p50',
    'p99',
    'CPU ms an order: own, server',
  ];
  const rows = measured.map(({ name, rounds, historyEvents, historyBytes, traceBytes }) => {
    const of = (field: Exclude<keyof Round, 'cpuMsOf'>, digits: number) =>
      median(rounds.map((round) => round[field])).toFixed(digits);
    return [
      name,
      `${of('p50', 0)} ms (${ratio(rounds, baseline, 'p50')})`,
      `${of('p99', 0)} ms`,
      `${of('perSecond', 1)} (${ratio(rounds, baseline, 'perSecond')})`,
      `${of('busyP50', 0)} ms`,
      `${of('busyP99', 0)} ms`,
      `${of('ownCpuMs', 1)}, ${of('serverCpuMs', 1)}`,
      String(historyEvents),
      `${(historyBytes / 1024).toFixed(1)} kB`,
      traceBytes === undefined ? '' : `${(traceBytes / 1024).toFixed(1)} kB`,
    ];
  });
  const all = [...head, 'history events', 'history', 'trace'];
  return markdownTable(all, rows);
}

/** Round by round, because a round's subjects had the same machine. */
function ratio(rounds: readonly Round[], baseline: readonly Round[], field: 'p50' | 'perSecond'): string {
  const ratios = rounds.map((round, index) => round[field] / (baseline[index]?.[field] ?? Number.NaN));
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
  return `×${median(ratios).toFixed(2)}, ${low.toFixed(2)} to ${high.toFixed(2)}`;
}

runScript(main);
