import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'libsql';
import type { OrderView } from '../../../src/domain/order';
import { orderWorkflowId } from '../../../src/domain/ids';
import { openOrders } from '../../../src/orders/open-orders';
import type { Orders } from '../../../src/orders/open-orders';
import { startTelemetry } from '../../../src/telemetry/start-telemetry';
import type { StoredSpan } from '../../../src/telemetry/stored-span';
import type { StartedTelemetry } from '../../../src/telemetry/telemetry';
import { traceDatabasePath } from '../../../src/telemetry/trace-database';
import { openTraceStore } from '../../../src/telemetry/trace-store';
import { repairTraces } from '../../../src/trace-repair/repair-traces';
import { lintTrace } from '../../../src/traces/lint-trace';
import { eventually } from '../../support/eventually';
import { workflowCode } from '../../support/order-harness';
import { sampleOrder } from '../../support/orders';
import { TestStack } from '../../support/stack';

let stack: TestStack;
let orders: Orders;
let telemetry: StartedTelemetry;
let cli: StartedTelemetry;

beforeAll(async () => {
  stack = await TestStack.start({ SAGA_STEP_MAX_ATTEMPTS: '4' });
  telemetry = startTelemetry({ service: 'order-service', config: stack.config, environment: {} });
  cli = startTelemetry({ service: 'orders-cli', config: stack.config, environment: {} });
  orders = await openOrders(stack.config, cli, { environment: stack.environment });
});
afterAll(async () => {
  await orders.close();
  await Promise.all([cli.shutdown(), telemetry.shutdown()]);
  await stack.stop();
});

/** Runs an order until it is final or parked, and all of its spans are there. */
async function run(order: Parameters<typeof sampleOrder>[0]): Promise<OrderView> {
  const { orderId } = await orders.orders.start(sampleOrder(order));
  const view = await orders.orders.waitForOutcome(orderId, 60_000);
  if (view === undefined) throw new Error(`${orderId} has no outcome`);
  await eventually(
    () => lintTrace(spansOf(view), view),
    (breaches) => breaches.length === 0,
    'the trace is whole',
  );
  return view;
}

function spansOf({ traceId }: { traceId: string }): StoredSpan[] {
  const store = openTraceStore(stack.config);
  try {
    return store.spansOf(traceId);
  } finally {
    store.close();
  }
}

/** As if the process had died with them. */
function lose({ traceId }: OrderView, which: (span: StoredSpan) => boolean): StoredSpan[] {
  const lost = spansOf({ traceId }).filter(which);
  const database = new Database(traceDatabasePath(stack.config));
  const remove = database.prepare('delete from spans where trace_id = ? and span_id = ?');
  for (const { spanId } of lost) remove.run(traceId, spanId);
  database.close();
  return lost;
}

async function repair({ orderId }: { orderId: string }) {
  const handle = orders.client.workflow.getHandle(orderWorkflowId(orderId));
  const { runId } = await handle.describe();
  const brokenRun = { workflowId: handle.workflowId, runId, history: await handle.fetchHistory() };
  const store = openTraceStore(stack.config);
  try {
    for await (const repaired of repairTraces([brokenRun], { store, telemetry, ...workflowCode() })) {
      if (repaired.error !== undefined) throw repaired.error;
      return repaired.written;
    }
    throw new Error('nothing was repaired');
  } finally {
    store.close();
  }
}

const isWorkflowsOwn = ({ name }: StoredSpan) =>
  /^(RunWorkflow|StartActivity|Saga|Step|Compensation)[: ]/.test(name);
const isAttempt = ({ name }: StoredSpan) => name.startsWith('RunActivity:');
const isCall = ({ kind, service }: StoredSpan) => kind === 'CLIENT' && service === 'order-service';

describe('the repair of a trace', () => {
  it.each([
    ['completed', {}],
    ['flaky', { payment: { method: 'pm_card_flaky' } }],
    ['declined', { payment: { method: 'pm_card_declined' } }],
    ['unknown', { payment: { method: 'pm_card_timeout' } }],
  ])('writes nothing when the trace is whole: %s', async (_, order) => {
    expect(await repair(await run(order))).toEqual([]);
  });

  it("makes the workflow's own spans again, each exactly as it was, and once", async () => {
    const order = await run({ payment: { method: 'pm_card_declined' } });
    const before = spansOf(order);
    const lost = lose(order, isWorkflowsOwn);
    expect(lost.map(({ name }) => name)).toContain('Compensation: Release Inventory');
    expect(await repair(order)).toHaveLength(lost.length);
    expect(spansOf(order)).toEqual(before);
    expect(await repair(order)).toEqual([]);
  });
});
