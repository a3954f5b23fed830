import { parseArgs } from 'node:util';
import type { OrderView, TransactionKind } from '../src/domain/order';
import { openOrders } from '../src/orders/open-orders';
import type { Orders } from '../src/orders/open-orders';
import { privateConfig } from '../src/stack/private-stack';
import { reportFailure } from '../src/stack/run-until-signal';
import { startStack } from '../src/stack/stack';
import { ATTR } from '../src/telemetry/semconv';
import { startTelemetry } from '../src/telemetry/start-telemetry';
import { openTraceStore } from '../src/telemetry/trace-store';

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
  const [orders, parallel] = [values.orders, values.parallel].map((text) => {
    const number = Number(text);
    if (!Number.isInteger(number) || number < 1) throw new Error(`${text}: a whole number. ${USAGE}`);
    return number;
  }) as [number, number];
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
    customerId: 'cus_bench',
    items: [{ sku: 'SKU-CABLE', quantity: 1 }],
    payment: { method },
    shippingAddress: { name: 'A. Buyer', line1: '1 Main St', city: 'Berlin', postalCode: '10115', country },
    transaction,
  });
  const view = await orders.waitForOutcome(orderId, { timeoutMs: OUTCOME_TIMEOUT_MS });
  if (view === undefined) throw new Error(`${orderId} came to no end`);
  return view;
}

async function inParallel(count: number, parallel: number, work: () => Promise<unknown>): Promise<void> {
  let left = count;
  const lane = async () => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: parallel }, lane));
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

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
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

main().catch(reportFailure);
