import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import type { Config } from '../src/config/config';
import { orderWorkflowId } from '../src/domain/ids';
import type { TransactionKind } from '../src/domain/order';
import type { CompensationName, StepName } from '../src/domain/steps';
import { openOrders } from '../src/orders/open-orders';
import type { OrderClient } from '../src/orders/order-client';
import { privateConfig } from '../src/stack/private-stack';
import { reportFailure } from '../src/stack/run-until-signal';
import type { RunningPart } from '../src/stack/part';
import { startStack } from '../src/stack/stack';
import type { Stack } from '../src/stack/stack';
import { startPart } from '../src/stack/start-part';
import { startTelemetry } from '../src/telemetry/start-telemetry';

/** Version of the recordings: raised when the workflows change in a way that old histories need guarding for. */
const VERSION = 'v1';
const ROOT = path.join(__dirname, '../');
const DIRECTORY = path.join(ROOT, 'test/replay/histories');
const OUTCOME_TIMEOUT_MS = 60_000;

interface Scenario {
  readonly name: string;
  readonly transaction?: TransactionKind;
  readonly sku?: string;
  readonly method?: string;
  readonly country?: string;
  /** The money's hold is over before it can be confirmed, in this and all that follow. */
  readonly expiring?: true;
  /** What somebody does while the order runs or waits. */
  readonly meanwhile?: (orders: OrderClient, orderId: string, client: Client) => Promise<unknown>;
}

const SCENARIOS: readonly Scenario[] = [
  { name: 'completed' },
  { name: 'out-of-stock', sku: 'SKU-NONE' },
  { name: 'declined', method: 'pm_card_declined' },
  { name: 'payment-unknown', method: 'pm_card_timeout' },
  { name: 'shipping-refused', country: 'AQ' },
  { name: 'shipping-unknown', country: 'XX' },
  { name: 'cancelled', country: 'XX', meanwhile: cancel },
  {
    name: 'parked-and-skipped',
    method: 'pm_card_refund_fails',
    country: 'AQ',
    meanwhile: retryAndSkip('refund_payment'),
  },
  { name: 'tcc-completed', transaction: 'tcc' },
  { name: 'tcc-try-refused', transaction: 'tcc', method: 'pm_card_declined' },
  { name: 'tcc-try-unknown', transaction: 'tcc', method: 'pm_card_timeout' },
  { name: 'tcc-cancelled-while-trying', transaction: 'tcc', method: 'pm_card_timeout', meanwhile: cancelTry },
  { name: 'tcc-reversed', transaction: 'tcc', country: 'AQ' },
  {
    name: 'tcc-parked-and-skipped',
    transaction: 'tcc',
    method: 'pm_card_refund_fails',
    country: 'AQ',
    meanwhile: retryAndSkip('reverse_payment'),
  },
  { name: 'settled', method: 'pm_card_timeout', meanwhile: terminateAt('process_payment') },
  {
    name: 'tcc-settled',
    transaction: 'tcc',
    method: 'pm_card_timeout',
    meanwhile: terminateAt('try_payment'),
  },
  { name: 'tcc-confirm-refused', transaction: 'tcc', expiring: true },
];

async function cancel(orders: OrderClient, orderId: string): Promise<void> {
  await orders.cancel(orderId, { by: 'cus_1', reason: 'changed my mind' });
}

/** Once the payment is being tried. */
async function cancelTry(orders: OrderClient, orderId: string): Promise<void> {
  await untilRunning(orders, orderId, 'try_payment');
  await cancel(orders, orderId);
}

/** What is recorded is the guardian's run. */
function terminateAt(step: StepName) {
  return async (orders: OrderClient, orderId: string, client: Client): Promise<void> => {
    await untilRunning(orders, orderId, step);
    await client.workflow.getHandle(orderWorkflowId(orderId)).terminate('recorded');
    for (;;) {
      const { settlement } = await orders.summary(orderId);
      if (settlement !== undefined) return;
    }
  };
}

async function untilRunning(orders: OrderClient, orderId: string, name: StepName): Promise<void> {
  for (;;) {
    const { steps } = await orders.get(orderId);
    if (steps.some(({ step, state }) => step === name && state === 'running')) return;
  }
}

function retryAndSkip(step: CompensationName) {
  return async (orders: OrderClient, orderId: string): Promise<void> => {
    await orders.waitForOutcome(orderId, { timeoutMs: OUTCOME_TIMEOUT_MS });
    await orders.retryCompensation(orderId, { by: 'op_1' });
    await orders.waitForOutcome(orderId, { timeoutMs: OUTCOME_TIMEOUT_MS });
    await orders.skipCompensation(orderId, { step, by: 'op_1', reason: 'paid back by bank transfer' });
  };
}

/**
 * Runs one order per outcome on a real stack and keeps its history for the replay tests.
 *
 * @param names of scenarios; all of them without any, in the place of what was recorded before.
 */
async function record(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown.length > 0) throw new Error(`No scenario is called ${unknown.join(', ')}`);
  const { config, remove } = await privateConfig({
    // What is recorded has to be replayed by everybody.
    PAYLOAD_KEYS: '',
    SAGA_STEP_MAX_ATTEMPTS: '2',
    PAYMENT_PROVIDER_TIMEOUT_MS: '300',
    GUARDIAN_INTERVAL_MS: '1000',
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
  let payment: RunningPart | undefined;
  try {
    if (names.length === 0) await rm(DIRECTORY, { recursive: true, force: true });
    await mkdir(DIRECTORY, { recursive: true });
    for (const scenario of SCENARIOS) {
      if (names.length > 0 && !names.includes(scenario.name)) continue;
      if (scenario.expiring === true) payment ??= await startExpiringPayment(stack, config);
      const { orderId } = await orders.start(orderOf(scenario));
      await scenario.meanwhile?.(orders, orderId, client);
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
    await payment?.stop();
    await stack.stop();
    await remove();
  }
}

/** Puts a payment service in the place of the stack's whose holds are over at once. */
async function startExpiringPayment({ parts }: Stack, config: Config): Promise<RunningPart> {
  await parts.find(({ name }) => name === 'payment')?.stop();
  return startPart('payment', { config: { ...config, holds: { ...config.holds, ttlMs: 1 } } });
}

function orderOf(scenario: Scenario) {
  const {
    name,
    transaction = 'saga',
    sku = 'SKU-KEYBOARD',
    method = 'pm_card_visa',
    country = 'DE',
  } = scenario;
  return {
    transaction,
    orderId: `recorded-${name}`,
    customerId: 'cus_1',
    items: [{ sku, quantity: 2 }],
    payment: { method },
    shippingAddress: { name: 'A. Buyer', line1: '1 Main St', city: 'Berlin', postalCode: '10115', country },
  };
}

record(process.argv.slice(2)).catch(reportFailure);
