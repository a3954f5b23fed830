import pc from 'picocolors';
import { formatMoney } from './domain/money';
import type { OrderStatus, OrderView, TransactionKind } from './domain/order';
import type { Config } from './config/config';
import type { AuditReport } from './orders/audit/report';
import { openOrders } from './orders/open-orders';
import { privateConfig } from './stack/private-stack';
import { readyLine } from './stack/ready-line';
import { reportFailure } from './stack/run-until-signal';
import { startStack } from './stack/stack';
import { startTelemetry } from './telemetry/start-telemetry';
import { readTrace } from './telemetry/trace-store';
import { isBusinessSpan } from './traces/business-spans';
import { renderTrees } from './traces/render-tree';
import { spanTrees } from './traces/span-tree';

/** One order for each way an order can end, and how it must. */
const SCENARIOS: readonly {
  readonly title: string;
  readonly transaction?: TransactionKind;
  readonly sku?: string;
  readonly method?: string;
  readonly country?: string;
  readonly status: OrderStatus;
  readonly code?: string;
}[] = [
  { title: 'everything goes well', status: 'completed' },
  { title: 'nothing in stock', sku: 'SKU-NONE', status: 'failed', code: 'out_of_stock' },
  { title: 'the card is declined', method: 'pm_card_declined', status: 'failed', code: 'payment_declined' },
  { title: 'no carrier goes there', country: 'AQ', status: 'failed', code: 'shipping_unavailable' },
  { title: 'TCC: stock and money are held, then taken', transaction: 'tcc', status: 'completed' },
  {
    title: 'TCC: the money cannot be held, so no stock was ever sold',
    transaction: 'tcc',
    method: 'pm_card_declined',
    status: 'failed',
    code: 'payment_declined',
  },
];

const OUTCOME_TIMEOUT_MS = 60_000;
const DEFAULT_WIDTH = 120;

const say = (line = '') => process.stdout.write(`${line}\n`);
const progress = (line: string) => process.stderr.write(`${pc.dim(line)}\n`);

/** Runs the whole system on its own ports and data, one order per outcome, and shows what became of each. */
async function demo(): Promise<void> {
  const { config, remove } = await privateConfig();
  const abort = new AbortController();
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        abort.abort(new Error(`${signal}: the demo was stopped`));
        reject(abort.signal.reason as Error);
      });
    }
  });
  interrupted.catch(() => undefined);
  try {
    const stack = await startStack({
      config,
      signal: abort.signal,
      withServer: true,
      persistent: false,
      onProgress: progress,
      onReady: (part) => {
        progress(readyLine(part));
      },
    });
    try {
      await Promise.race([runScenarios(config), interrupted]);
    } finally {
      await stack.stop();
    }
  } finally {
    await remove();
  }
}

async function runScenarios(config: Config): Promise<void> {
  const telemetry = startTelemetry({ service: 'orders-demo', config });
  const { orders, audit, close } = await openOrders(config, telemetry);
  try {
    for (const [index, scenario] of SCENARIOS.entries()) {
      const { orderId } = await orders.start(orderOf(scenario));
      const order = await orders.waitForOutcome(orderId, { timeoutMs: OUTCOME_TIMEOUT_MS });
      if (order === undefined) throw new Error(`Order ${orderId} came to no end`);
      say();
      say(pc.bold(`${String(index + 1)}. ${scenario.title}: ${outcomeOf(order)}`));
      say(`   order ${order.orderId}, ${formatMoney(order.amount)}, trace ${order.traceId}`);
      const spans = readTrace(config, order.traceId);
      const width = process.stdout.columns || DEFAULT_WIDTH;
      for (const line of renderTrees(spanTrees(spans, isBusinessSpan), spans, { width, colors: pc }))
        say(line);
      assertOutcome(order, scenario);
    }
    const report = await audit();
    showBalance(report);
    if (!report.ok) throw new Error(`The books are wrong: ${JSON.stringify(report.violations)}`);
  } finally {
    await close();
    await telemetry.shutdown();
  }
}

function orderOf(scenario: (typeof SCENARIOS)[number]) {
  const { transaction = 'saga', sku = 'SKU-KEYBOARD', method = 'pm_card_visa', country = 'DE' } = scenario;
  return {
    transaction,
    customerId: 'cus_demo',
    items: [{ sku, quantity: 2 }],
    payment: { method },
    shippingAddress: { name: 'A. Buyer', line1: '1 Main St', city: 'Berlin', postalCode: '10115', country },
  };
}

function outcomeOf({ status, failure }: OrderView): string {
  const colored = status === 'completed' ? pc.green(status) : pc.red(status);
  return failure === undefined ? colored : `${colored} (${failure.code}: ${failure.message})`;
}

function assertOutcome({ status, failure }: OrderView, expected: (typeof SCENARIOS)[number]): void {
  if (status === expected.status && failure?.code === expected.code) return;
  throw new Error(`Expected ${expected.status} ${expected.code ?? ''}, got ${status} ${failure?.code ?? ''}`);
}

function showBalance({ stock, currencies, orders }: AuditReport): void {
  say();
  say(pc.bold('The books, of all orders together'));
  const counts = Object.entries(orders).map(([status, count]) => `${String(count)} ${status}`);
  say(`  orders   ${counts.join(', ')}`);
  for (const { currency, charged, refunded, captured } of currencies) {
    const money = (value: number) => formatMoney({ value, currency });
    say(`  money    charged ${money(charged)} − refunded ${money(refunded)} = kept ${money(captured)}`);
  }
  for (const { sku, seeded, free, reserved, sold } of stock.filter((row) => row.free !== row.seeded)) {
    const parts = `free ${String(free)} + reserved ${String(reserved)} + sold ${String(sold)}`;
    say(`  stock    ${sku}: ${parts} = seeded ${String(seeded)}`);
  }
  say(`  audit    ${pc.green('nothing lost, nothing doubled')}`);
}

demo().catch(reportFailure);
