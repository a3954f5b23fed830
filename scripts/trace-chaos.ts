import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openOrders } from '../src/orders/open-orders';
import { privateConfig } from '../src/stack/private-stack';
import { reportFailure } from '../src/stack/run-until-signal';
import { startTelemetry } from '../src/telemetry/start-telemetry';
import { startDevServer } from '../src/temporal/dev-server';
import { buildWorkflowBundle } from '../src/temporal/workflow-bundle';
import { STORM_SETTINGS, traceStorm } from '../test/chaos/trace-storm';

const USAGE = 'npm run chaos:traces -- [--orders 200] [--parallel 8] [--seed N]';

/** Orders under a storm of SIGKILLs, then the state of every trace; exit 1 when one is not whole. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      orders: { type: 'string', default: '200' },
      parallel: { type: 'string', default: '8' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const count = wholeNumber(values.orders);
  const parallel = wholeNumber(values.parallel);
  const seed = wholeNumber(values.seed);
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const bundles = await mkdtemp(path.join(os.tmpdir(), 'durable-orders-bundle-'));
  const bundle = path.join(bundles, 'workflows.js');
  await buildWorkflowBundle(bundle);
  const own = await privateConfig({ ...STORM_SETTINGS, LOG_LEVEL: 'fatal', WORKFLOW_BUNDLE: bundle });
  const { config } = own;
  const server = await startDevServer({ config, onProgress: say, persistent: false });
  const environment = { ...own.environment, TEMPORAL_ADDRESS: server.address };
  const telemetry = startTelemetry({ service: 'orders-cli', config, environment: {} });
  const client = await openOrders(config, telemetry, { environment, requestTimeoutMs: 60_000 });
  try {
    say(`seed ${String(seed)}`);
    const { tracer } = telemetry;
    const report = await traceStorm({
      config,
      environment,
      orders: client,
      tracer,
      count,
      parallel,
      seed,
      say,
    });
    process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
    const isWhole =
      report.breaches.length === 0 &&
      report.violations.length === 0 &&
      report.orphans === 0 &&
      report.traces === report.orders &&
      report.linkedOnce === report.compensations;
    if (!isWhole) process.exitCode = 1;
  } finally {
    await client.close();
    await telemetry.shutdown();
    await server.stop();
    await own.remove();
    await rm(bundles, { recursive: true, force: true });
  }
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`'${text}' is no number from 1: ${USAGE}`);
  return number;
}

main().catch(reportFailure);
