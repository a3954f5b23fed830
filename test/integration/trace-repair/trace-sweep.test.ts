import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import Database from 'libsql';
import { pino } from 'pino';
import type { Order, OrderView } from '../../../src/domain/order';
import { openOrders } from '../../../src/orders/open-orders';
import type { Orders } from '../../../src/orders/open-orders';
import { startTelemetry } from '../../../src/telemetry/start-telemetry';
import type { StartedTelemetry } from '../../../src/telemetry/telemetry';
import { traceDatabasePath } from '../../../src/telemetry/trace-database';
import { openTraceStore } from '../../../src/telemetry/trace-store';
import { dataConverterOf } from '../../../src/temporal/data-converter';
import { TraceSweep } from '../../../src/trace-repair/trace-sweep';
import { lintTrace } from '../../../src/traces/lint-trace';
import { eventually } from '../../support/eventually';
import { workflowCode } from '../../support/order-harness';
import { sampleOrder } from '../../support/orders';
import { TestStack } from '../../support/stack';

let stack: TestStack;
let telemetry: StartedTelemetry;
let cli: StartedTelemetry;
let orders: Orders;
let sweep: TraceSweep | undefined;
const log: string[] = [];

beforeAll(async () => {
  stack = await TestStack.start({ TRACE_SWEEP_INTERVAL_MS: '0' });
  const started = startTelemetry({ service: 'order-service', config: stack.config, environment: {} });
  telemetry = {
    ...started,
    logger: pino({ level: 'info' }, { write: (line: string) => void log.push(line) }),
  };
  cli = startTelemetry({ service: 'orders-cli', config: stack.config, environment: {} });
  orders = await openOrders(stack.config, cli, { environment: stack.environment });
});
afterEach(async () => {
  await sweep?.stop();
  log.length = 0;
});
afterAll(async () => {
  await orders.close();
  await Promise.all([cli.shutdown(), telemetry.shutdown()]);
  await stack.stop();
});

function start(client: Orders['client'] = orders.client): TraceSweep {
  return new TraceSweep({
    client,
    dataDir: stack.config.dataDir,
    telemetry,
    ...workflowCode(),
    dataConverter: dataConverterOf(stack.config),
    intervalMs: 50,
    graceMs: 1,
  });
}

/** An order whose trace has lost its compensations. */
async function brokenOrder(): Promise<OrderView> {
  const view = await ended({ payment: { method: 'pm_card_declined' } });
  expect(lose(view, 'Compensation:%')).toBe(2);
  return view;
}

async function ended(changes: Partial<Order>): Promise<OrderView> {
  const view = await cli.tracer.startActiveSpan('orders start', async (span) => {
    const { orderId } = await orders.orders.start(sampleOrder(changes));
    span.end();
    return orders.orders.waitForOutcome(orderId, { timeoutMs: 60_000 });
  });
  if (view === undefined) throw new Error('The order came to no end');
  return view;
}

/** Takes the spans of that name out of the order's trace; returns how many there were. */
function lose({ traceId }: OrderView, name: string): number {
  const database = new Database(traceDatabasePath(stack.config));
  try {
    return database
      .prepare(`delete from spans where trace_id = ? and json_extract(span, '$.name') like ?`)
      .run(traceId, name).changes;
  } finally {
    database.close();
  }
}

function breachesOf(view: OrderView) {
  const store = openTraceStore(stack.config);
  try {
    return lintTrace(store.spansOf(view.traceId), view);
  } finally {
    store.close();
  }
}

const untilWhole = (view: OrderView) =>
  eventually(
    () => breachesOf(view),
    (breaches) => breaches.length === 0,
    'the trace is whole',
  );

it('repairs the traces of orders that are over, those from before it started and those that come', async () => {
  const before = await brokenOrder();
  expect(breachesOf(before)).not.toEqual([]);
  sweep = start();
  await untilWhole(before);
  await untilWhole(await brokenOrder());
  await eventually(
    () => log.join(),
    (lines) => lines.includes('traces were made whole'),
    'it says so',
  );
});

it('repairs the trace of an order that waits for an operator, as often as it loses something', async () => {
  const { shippingAddress } = sampleOrder();
  const parked = await ended({
    payment: { method: 'pm_card_refund_fails' },
    shippingAddress: { ...shippingAddress, country: 'AQ' },
  });
  expect(parked.status).toBe('needs_attention');
  sweep = start();
  for (const lost of ['RunActivity:createOrder', 'Step: Process Payment']) {
    await untilWhole(parked);
    expect(lose(parked, lost)).toBe(1);
    expect(breachesOf(parked)).not.toEqual([]);
    await untilWhole(parked);
  }
});

it('starts over from a note that it cannot read', async () => {
  const note = path.join(stack.config.dataDir, 'trace-sweep.json');
  writeFileSync(note, '{"sweptUntil": "next');
  const broken = await brokenOrder();
  sweep = start();
  await untilWhole(broken);
  await eventually(
    () => readFileSync(note, 'utf8'),
    (text) => text.includes('Z"}'),
    'the note is written anew',
  );
});

it('comes back to what a failure kept it from', async () => {
  const broken = await brokenOrder();
  let failures = 2;
  const workflow = new Proxy(orders.client.workflow, {
    get: (client, name) => {
      if (name === 'getHandle' && failures-- > 0) throw new Error('Temporal is away');
      const value: unknown = Reflect.get(client, name);
      return typeof value === 'function' ? (value.bind(client) as unknown) : value;
    },
  });
  const failing = new Proxy(orders.client, {
    get: (client, name) => (name === 'workflow' ? workflow : (Reflect.get(client, name) as unknown)),
  });
  sweep = start(failing);
  await untilWhole(broken);
  expect(log.join()).toContain('the next one tries again');
});
