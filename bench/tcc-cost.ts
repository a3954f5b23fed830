import { parseArgs } from 'node:util';
import type { OrderView, TransactionKind } from '../src/domain/order';
import { SAMPLE_ORDER } from '../src/domain/sample-order';
import { openOrders } from '../src/orders/open-orders';
import type { Orders } from '../src/orders/open-orders';
import { privateConfig } from '../src/stack/private-stack';
import { startStack } from '../src/stack/stack';
import { ATTR } from '../src/telemetry/semconv';
import { startTelemetry } from '../src/telemetry/start-telemetry';
import { openTraceStore } from '../src/telemetry/trace-store';
import { runScript, wholeNumber } from '../scripts/support/script';
import { inParallel, percentile } from './measure';

const USAGE = 'npm run bench:tcc -- [--orders 100] [--parallel 16]';
const OUTCOME_TIMEOUT_MS = 120_000;
const KINDS = ['saga', 'tcc'] as const;
/** Of each kind, not counted: code and connections are cold. */
const WARM_UP = 10;

interface Ordered {
  readonly method?: string;
  readonly country?: string;
}

interface Measured {
  /** From the request to start it until its outcome is known, ms. */
  readonly latencies: number[];
  readonly views: OrderView[];
}

/** What a TCC transaction costs beside a saga, in one run on one machine: the ratios are what counts. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      orders: { type: 'string', default: '100' },
      parallel: { type: 'string', default: '16' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    print(USAGE);
    return;
  }
  const orders = wholeNumber(values.orders, USAGE);
  const parallel = wholeNumber(values.parallel, USAGE);
  const { config, remove } = await privateConfig({ LOG_LEVEL: 'error' });
  const stack = await startStack({
    config,
    withServer: true,
    persistent: false,
    onProgress: (line) => process.stderr.write(`${line}\n`),
    onReady: () => undefined,
  });
  const telemetry = startTelemetry({ service: 'orders-cli', config });
  const client = await openOrders(config, telemetry);
  try {
    await interleaved(client, WARM_UP, {});
    for (const [title, order] of [
      ['completed', {}],
      ['the payment is declined', { method: 'pm_card_declined' }],
      ['shipping is refused', { country: 'AQ' }],
    ] as const) {
      const alone = await interleaved(client, orders, order);
      print(`\n${title}, one at a time, ${String(orders)} of each, alternating`);
      table((kind) => [
        `p50 ${percentile(alone[kind].latencies, 0.5).toFixed(0)} ms`,
        `p95 ${percentile(alone[kind].latencies, 0.95).toFixed(0)} ms`,
        `${requestsPerOrder(alone[kind].views, config).toFixed(1)} requests to services an order`,
      ]);
      print(`  latency ratio TCC / saga (p50): ${ratio(alone)}`);
    }
    print(`\ncompleted, ${String(parallel)} at a time, ${String(orders)} of each, one kind after the other`);
    for (const kind of KINDS) {
      const from = performance.now();
      await inParallel(orders, parallel, () => place(client, kind, {}));
      print(`  ${kind.padEnd(5)} ${((1000 * orders) / (performance.now() - from)).toFixed(1)} orders/s`);
    }
  } finally {
    await client.close();
    await telemetry.shutdown();
    await stack.stop();
    await remove();
  }
}

/** The kinds in turn, so that whatever the machine does meanwhile befalls both. */
async function interleaved(
  client: Orders,
  count: number,
  order: Ordered,
): Promise<Record<TransactionKind, Measured>> {
  const measured = { saga: { latencies: [], views: [] }, tcc: { latencies: [], views: [] } } as Record<
    TransactionKind,
    Measured
  >;
  for (let index = 0; index < count; index++) {
    for (const kind of KINDS) {
      const from = performance.now();
      measured[kind].views.push(await place(client, kind, order));
      measured[kind].latencies.push(performance.now() - from);
    }
  }
  return measured;
}

async function place(
  { orders }: Orders,
  transaction: TransactionKind,
  { method = 'pm_card_visa', country = 'DE' }: Ordered,
): Promise<OrderView> {
  const { orderId } = await orders.start({
    ...SAMPLE_ORDER,
    customerId: 'cus_bench',
    items: [{ sku: 'SKU-CABLE', quantity: 1 }],
    payment: { method },
    shippingAddress: { ...SAMPLE_ORDER.shippingAddress, country },
    transaction,
  });
  const view = await orders.waitForOutcome(orderId, { timeoutMs: OUTCOME_TIMEOUT_MS });
  if (view === undefined) throw new Error(`${orderId} came to no end`);
  return view;
}

/** As the traces have them: every request that a service answered for the order's workflow. */
function requestsPerOrder(views: readonly OrderView[], config: Parameters<typeof openTraceStore>[0]): number {
  const store = openTraceStore(config);
  try {
    const requests = views.flatMap(({ traceId }) =>
      store
        .spansOf(traceId)
        .filter(({ kind, attributes }) => kind === 'SERVER' && attributes[ATTR.httpRequestMethod] === 'POST'),
    );
    return requests.length / views.length;
  } finally {
    store.close();
  }
}

function ratio({ saga, tcc }: Record<TransactionKind, Measured>): string {
  return (percentile(tcc.latencies, 0.5) / percentile(saga.latencies, 0.5)).toFixed(2);
}

function table(columnsOf: (kind: TransactionKind) => readonly string[]): void {
  for (const kind of KINDS) print(`  ${kind.padEnd(5)} ${columnsOf(kind).join('  ')}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

runScript(main);
