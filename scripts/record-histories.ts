import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { orderWorkflowId } from '../src/domain/ids';
import { openOrders } from '../src/orders/open-orders';
import type { OrderClient } from '../src/orders/order-client';
import { privateConfig } from '../src/stack/private-stack';
import { reportFailure } from '../src/stack/run-until-signal';
import { startStack } from '../src/stack/stack';
import { startTelemetry } from '../src/telemetry/start-telemetry';

/** Version of the recordings: raised when the workflows change in a way that old histories need guarding for. */
const VERSION = 'v1';
const ROOT = path.join(__dirname, '../');
const DIRECTORY = path.join(ROOT, 'test/replay/histories');
const OUTCOME_TIMEOUT_MS = 60_000;

interface Scenario {
  readonly name: string;
  readonly sku?: string;
  readonly method?: string;
  readonly country?: string;
  /** What somebody does while the order runs or waits. */
  readonly meanwhile?: (orders: OrderClient, orderId: string) => Promise<unknown>;
}

const SCENARIOS: readonly Scenario[] = [
  { name: 'completed' },
  { name: 'out-of-stock', sku: 'SKU-NONE' },
  { name: 'declined', method: 'pm_card_declined' },
  { name: 'payment-unknown', method: 'pm_card_timeout' },
  { name: 'shipping-refused', country: 'AQ' },
  { name: 'shipping-unknown', country: 'XX' },
  {
    name: 'cancelled',
    country: 'XX',
    meanwhile: (orders, orderId) => orders.cancel(orderId, { by: 'cus_1', reason: 'changed my mind' }),
  },
  {
    name: 'parked-and-skipped',
    method: 'pm_card_refund_fails',
    country: 'AQ',
    meanwhile: async (orders, orderId) => {
      await orders.waitForOutcome(orderId, { timeoutMs: OUTCOME_TIMEOUT_MS });
      await orders.retryCompensation(orderId, { by: 'op_1' });
      await orders.waitForOutcome(orderId, { timeoutMs: OUTCOME_TIMEOUT_MS });
      const skip = { step: 'refund_payment', by: 'op_1', reason: 'paid back by bank transfer' } as const;
      await orders.skipCompensation(orderId, skip);
    },
  },
];

/** Runs one order per outcome on a real stack and keeps its history for the replay tests. */
async function record(): Promise<void> {
  const { config, remove } = await privateConfig({
    SAGA_STEP_MAX_ATTEMPTS: '2',
    PAYMENT_PROVIDER_TIMEOUT_MS: '300',
  });
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const stack = await startStack({
    config,
    withServer: true,
    persistent: false,
    onProgress: say,
    onReady: () => undefined,
  });
  const telemetry = startTelemetry({ service: 'orders-recorder', config });
  const { client, orders, close } = await openOrders(config, telemetry);
  try {
    await rm(DIRECTORY, { recursive: true, force: true });
    await mkdir(DIRECTORY, { recursive: true });
    for (const scenario of SCENARIOS) {
      const { orderId } = await orders.start(orderOf(scenario));
      await scenario.meanwhile?.(orders, orderId);
      const order = await orders.waitForOutcome(orderId, { timeoutMs: OUTCOME_TIMEOUT_MS });
      const history = await client.workflow.getHandle(orderWorkflowId(orderId)).fetchHistory();
      const file = path.join(DIRECTORY, `${scenario.name}.${VERSION}.json`);
      // Stack traces name files by where this checkout happens to be.
      await writeFile(file, `${historyToJSON(history).replaceAll(ROOT, '')}\n`);
      say(`${scenario.name}: ${order?.status ?? 'no end'}, ${String(history.events?.length)} events`);
    }
  } finally {
    await close();
    await telemetry.shutdown();
    await stack.stop();
    await remove();
  }
}

function orderOf({ name, sku = 'SKU-KEYBOARD', method = 'pm_card_visa', country = 'DE' }: Scenario) {
  return {
    orderId: `recorded-${name}`,
    customerId: 'cus_1',
    items: [{ sku, quantity: 2 }],
    payment: { method },
    shippingAddress: { name: 'A. Buyer', line1: '1 Main St', city: 'Berlin', postalCode: '10115', country },
  };
}

record().catch(reportFailure);
