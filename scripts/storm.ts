import { parseArgs } from 'node:util';
import { openOrders } from '../src/orders/open-orders';
import { privateConfig } from '../src/stack/private-stack';
import { startTelemetry } from '../src/telemetry/start-telemetry';
import { startDevServer } from '../src/temporal/dev-server';
import { EVERY_KIND, storm, STORM_SETTINGS } from '../test/chaos/storm';
import type { StormOptions } from '../test/chaos/storm';
import { runScript, wholeNumber, withBundle } from './support/script';

const USAGE = `npm run chaos:storm -- [--orders 200] [--parallel 8] [--seed N] [--everything] [--calm 0]

Orders while the worker and the services are killed (SIGKILL) every 2 to 5 s, then the state of every trace and of the
books, as JSON; exit 1 when one is not as it should be.

  --everything  every kind of order, one in eight cancelled, and the Temporal server is killed as well, every 5 to 10 s
  --calm N      orders after the storm, on one worker whose memory is looked at

npm run chaos:soak is both, with 2,000 and 500 orders.`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      orders: { type: 'string', default: '200' },
      parallel: { type: 'string', default: '8' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      everything: { type: 'boolean', default: false },
      calm: { type: 'string', default: '0' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const sizes = {
    count: wholeNumber(values.orders, USAGE),
    parallel: wholeNumber(values.parallel, USAGE),
    seed: wholeNumber(values.seed, USAGE, 0),
    calm: wholeNumber(values.calm, USAGE, 0),
  };
  await withBundle((bundle) => weather(bundle, sizes, values.everything));
}

/** Runs the storm on a stack of its own and prints its report. */
async function weather(
  bundle: string,
  sizes: Pick<StormOptions, 'count' | 'parallel' | 'seed' | 'calm'>,
  withEverything: boolean,
): Promise<void> {
  const { seed } = sizes;
  const say = (line: string) => process.stderr.write(`${seconds()} ${line}\n`);
  const own = await privateConfig({ ...STORM_SETTINGS, LOG_LEVEL: 'fatal', WORKFLOW_BUNDLE: bundle });
  const { config } = own;
  const startServer = () => startDevServer({ config, onProgress: say, persistent: withEverything });
  let server = await startServer();
  const restartTemporal = async () => {
    process.kill(server.pid, 'SIGKILL');
    await server.failed;
    await server.stop();
    server = await startServer();
  };
  const environment = { ...own.environment, TEMPORAL_ADDRESS: server.address };
  const telemetry = startTelemetry({ service: 'orders-cli', config, environment: {} });
  const orders = await openOrders(config, telemetry, { environment, requestTimeoutMs: 60_000 });
  const everything = {
    kinds: EVERY_KIND,
    cancels: 1 / 8,
    killAfterMs: [5_000, 10_000],
    restartTemporal,
  } as const;
  try {
    say(`seed ${String(seed)}`);
    const report = await storm({
      ...{ config, environment, orders, tracer: telemetry.tracer, say },
      ...sizes,
      ...(withEverything && everything),
    });
    process.stdout.write(
      `${JSON.stringify({ seed, seconds: Number(seconds()), ...report }, undefined, 2)}\n`,
    );
    const isWhole =
      report.breaches.length === 0 &&
      report.violations.length === 0 &&
      report.ended.length === 0 &&
      report.orphans === 0 &&
      report.traces === report.orders &&
      report.linkedOnce === report.compensations;
    if (!isWhole) process.exitCode = 1;
  } finally {
    await orders.close();
    await telemetry.shutdown();
    await server.stop();
    await own.remove();
  }
}

/** Since this process began. */
function seconds(): string {
  return (performance.now() / 1000).toFixed(1);
}

runScript(main);
