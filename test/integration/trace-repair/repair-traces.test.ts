import { SpanKind } from '@opentelemetry/api';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import Database from 'libsql';
import type { OrderView } from '../../../src/domain/order';
import { orderWorkflowId } from '../../../src/domain/ids';
import { openOrders } from '../../../src/orders/open-orders';
import type { Orders } from '../../../src/orders/open-orders';
import { publicSpan } from '../../../src/telemetry/public-span';
import { startTelemetry } from '../../../src/telemetry/start-telemetry';
import { toStoredSpan } from '../../../src/telemetry/stored-span';
import type { StoredSpan } from '../../../src/telemetry/stored-span';
import type { StartedTelemetry } from '../../../src/telemetry/telemetry';
import { traceDatabasePath } from '../../../src/telemetry/trace-database';
import { openTraceStore } from '../../../src/telemetry/trace-store';
import { missingSpans } from '../../../src/trace-repair/missing-spans';
import { repairTraces } from '../../../src/trace-repair/repair-traces';
import { replaySpans } from '../../../src/trace-repair/replay-spans';
import { dataConverterOf } from '../../../src/temporal/data-converter';
import { readRunHistory } from '../../../src/trace-repair/run-history';
import { lintTrace } from '../../../src/traces/lint-trace';
import { eventually } from '../../support/eventually';
import { workflowCode } from '../../support/order-harness';
import { newPayloadKeys } from '../../support/payload-keys';
import { sampleOrder } from '../../support/orders';
import { TestStack } from '../../support/stack';

let stack: TestStack;
let orders: Orders;
let telemetry: StartedTelemetry;
let cli: StartedTelemetry;

beforeAll(async () => {
  // Encrypted, which repairs have to see through.
  stack = await TestStack.start({ SAGA_STEP_MAX_ATTEMPTS: '4', PAYLOAD_KEYS: newPayloadKeys('k1') });
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
  const view = await orders.orders.waitForOutcome(orderId, { timeoutMs: 60_000 });
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

const code = () => ({ ...workflowCode(), dataConverter: dataConverterOf(stack.config) });

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
    for await (const repaired of repairTraces(only(brokenRun), { store, telemetry, ...code() })) {
      if (repaired.error !== undefined) throw repaired.error;
      return repaired.written;
    }
    throw new Error('nothing was repaired');
  } finally {
    store.close();
  }
}

const isWorkflowsOwn = ({ name }: StoredSpan) =>
  /^(RunWorkflow|StartActivity|Saga|Step|Compensation|TCC (Transaction|Phase))\b/.test(name);
const isAttempt = ({ name }: StoredSpan) => name.startsWith('RunActivity:');
const isCall = ({ kind, service, attributes }: StoredSpan) =>
  kind === 'CLIENT' && service === 'order-service' && 'http.request.method' in attributes;
const isWorkers = (span: StoredSpan) => isWorkflowsOwn(span) || isAttempt(span) || isCall(span);

describe('the repair of a trace', () => {
  it.each([
    ['completed', {}],
    ['flaky', { payment: { method: 'pm_card_flaky' } }],
    ['declined', { payment: { method: 'pm_card_declined' } }],
    ['unknown', { payment: { method: 'pm_card_timeout' } }],
    ['held and confirmed', { transaction: 'tcc' }],
    ['held and cancelled', { transaction: 'tcc', payment: { method: 'pm_card_timeout' } }],
  ] as const)('writes nothing when the trace is whole: %s', async (_, order) => {
    expect(await repair(await run(order))).toEqual([]);
  });

  it.each([
    ['saga', 'Compensation: Release Inventory'],
    ['tcc', 'TCC Phase: Cancel'],
  ] as const)(
    "makes the workflow's own spans again, each exactly as it was, and once: %s",
    async (kind, name) => {
      const order = await run({ transaction: kind, payment: { method: 'pm_card_declined' } });
      const before = spansOf(order);
      const lost = lose(order, isWorkflowsOwn);
      expect(lost.map((span) => span.name)).toContain(name);
      expect(await repair(order)).toHaveLength(lost.length);
      expect(spansOf(order)).toEqual(before);
      expect(await repair(order)).toEqual([]);
    },
  );

  it('makes attempts and their calls again, with their ids, numbers and parents', async () => {
    const order = await run({ payment: { method: 'pm_card_flaky' } });
    const before = spansOf(order);
    const lost = lose(order, (span) => isAttempt(span) || isCall(span));
    expect(lost.length).toBeGreaterThanOrEqual(12);
    await repair(order);
    const after = spansOf(order);
    const shape = (spans: readonly StoredSpan[]) =>
      spans
        .map(({ spanId, parentSpanId, name, kind, service, attributes }) => ({
          spanId,
          parentSpanId,
          name,
          kind,
          service,
          attempt: attributes['temporal.activity.attempt'],
          activity: attributes['temporalActivityId'],
        }))
        .sort((a, b) => a.spanId.localeCompare(b.spanId));
    expect(shape(after)).toEqual(shape(before));
    const lostIds = new Set(lost.map(({ spanId }) => spanId));
    for (const { spanId, attributes } of after) {
      expect(attributes['saga.reconstructed']).toBe(lostIds.has(spanId) ? true : undefined);
    }
    expect(lintTrace(after, order)).toEqual([]);
    expect(await repair(order)).toEqual([]);
  });

  it.each(['saga', 'tcc'] as const)(
    'is whole again whatever was lost of what the worker wrote: %s',
    async (kind) => {
      const order = await run({ transaction: kind, payment: { method: 'pm_card_declined' } });
      const whole = spansOf(order);
      const lossy = whole.filter(isWorkers);
      const { ended, history, runId } = await replayed(order);
      fc.assert(
        fc.property(fc.subarray(lossy), (lost) => {
          const stored = whole.filter((span) => !lost.includes(span));
          const trace = {
            workflowId: order.workflowId,
            runId,
            service: 'order-service',
            history,
            ended,
            open: [],
          };
          const written = missingSpans({ ...trace, stored });
          const after = [...stored, ...written];
          expect(lintTrace(after, order)).toEqual([]);
          // Nothing is written that is there, and nothing that never was.
          const lostIds = lost.map(({ spanId }) => spanId);
          expect(written.filter(({ spanId }) => !lostIds.includes(spanId))).toEqual([]);
          expect(missingSpans({ ...trace, stored: after })).toEqual([]);
        }),
        { numRuns: 300 },
      );
    },
  );

  it('ends what a service did not live to end when the order was priced', async () => {
    const { orderId } = await cli.tracer.startActiveSpan('orders start', async (span) => {
      cli.tracer.startSpan('GET /catalogue', { kind: SpanKind.SERVER });
      try {
        return await orders.orders.start(sampleOrder());
      } finally {
        span.end();
      }
    });
    const view = await orders.orders.waitForOutcome(orderId, { timeoutMs: 60_000 });
    await eventually(
      () => lintTrace(spansOf(view!), view!).map(({ rule }) => rule),
      (rules) => rules.join() === 'running',
      'nothing else is missing',
    );
    expect((await repair(view!)).map(({ name }) => name)).toEqual(['GET /catalogue']);
    expect(lintTrace(spansOf(view!), view!)).toEqual([]);
  });

  it('ends what a terminated order left open, and says how it ended', async () => {
    const { orderId } = await orders.orders.start(
      sampleOrder({
        payment: { method: 'pm_card_refund_fails' },
        shippingAddress: { ...sampleOrder().shippingAddress, country: 'AQ' },
      }),
    );
    const parked = await orders.orders.waitForOutcome(orderId, { timeoutMs: 60_000 });
    expect(parked?.status).toBe('needs_attention');
    const view = parked!;
    // In sight while it waits, with what has happened so far.
    const saga = await eventually(
      () => spansOf(view).find(({ name }) => name.startsWith('Saga:')),
      (span) => span?.events.some(({ name }) => name === 'Compensation failed') === true,
      'the saga span is in sight',
    );
    expect(saga).toMatchObject({ running: true, status: { code: 'UNSET' } });
    expect(lintTrace(spansOf(view), view)).toEqual([]);
    expect(await repair(view)).toEqual([]);

    // As if its worker had died before it wrote down how it parked.
    const { events, ...rest } = saga!;
    const database = new Database(traceDatabasePath(stack.config));
    const { changes } = database
      .prepare('update spans set span = ? where span_id = ?')
      .run(JSON.stringify({ ...rest, events: events.slice(0, -1) }), rest.spanId);
    database.close();
    expect(changes).toBe(1);
    expect(lintTrace(spansOf(view), view)).not.toEqual([]);
    expect(await repair(view)).toMatchObject([{ spanId: saga?.spanId, events }]);
    expect(lintTrace(spansOf(view), view)).toEqual([]);

    await orders.client.workflow.getHandle(view.workflowId).terminate('by a test');
    const summary = await orders.orders.summary(orderId);
    expect(summary.interrupted).toBe('terminated');
    expect((await repair(view)).map(({ name }) => name).sort()).toEqual([
      'RunWorkflow:orderSaga',
      'Saga: Create Order',
    ]);
    expect(spansOf(view).find(({ name }) => name.startsWith('Saga:'))).toMatchObject({
      status: { code: 'ERROR', message: 'Workflow terminated' },
      attributes: { 'error.type': 'workflow_terminated', 'saga.reconstructed': true },
    });
    expect(lintTrace(spansOf(view), summary)).toEqual([]);
    expect(await repair(view)).toEqual([]);
  });

  it('ends the phase and the transaction that a terminated order left open', async () => {
    const hour = { backoffInitialMs: 3_600_000, backoffMaxMs: 3_600_000 };
    const policies = { ...stack.config.policies, overrides: { try_payment: hour } };
    const patient = await openOrders({ ...stack.config, policies }, cli, { environment: stack.environment });
    const order = sampleOrder({ transaction: 'tcc', payment: { method: 'pm_card_flaky' } });
    const { orderId } = await patient.orders.start(order).finally(patient.close);
    const view = await orders.orders.get(orderId);
    await eventually(
      () => spansOf(view),
      (spans) =>
        spans.some(({ name, running }) => name === 'TCC Transaction' && running === true) &&
        spans.some(({ name, running }) => name === 'RunActivity:tryPayment' && running !== true),
      'the payment has been tried once, and the transaction is in sight',
    );
    await orders.client.workflow.getHandle(view.workflowId).terminate('by a test');
    const written = (await repair(view)).map(({ name }) => name).sort();
    expect(written).toEqual([
      'RunWorkflow:orderTcc',
      'Saga: Create Order',
      'StartActivity:tryPayment',
      'TCC Phase: Try',
      'TCC Transaction',
    ]);
    expect(spansOf(view).find(({ name }) => name === 'TCC Transaction')).toMatchObject({
      status: { code: 'ERROR', message: 'Workflow terminated' },
      attributes: { 'tcc.result': 'Workflow terminated', 'error.type': 'workflow_terminated' },
    });
    expect(lintTrace(spansOf(view), await orders.orders.summary(orderId))).toEqual([]);
    expect(await repair(view)).toEqual([]);
  });
});

async function replayed({ orderId }: OrderView) {
  const handle = orders.client.workflow.getHandle(orderWorkflowId(orderId));
  const { runId } = await handle.describe();
  const history = await handle.fetchHistory();
  const { resource } = telemetry;
  for await (const { ended } of replaySpans([{ workflowId: handle.workflowId, history }], {
    ...code(),
    resource,
  })) {
    const stored = ended.map(
      (span) => JSON.parse(JSON.stringify(toStoredSpan(publicSpan(span)))) as StoredSpan,
    );
    return { runId, ended: stored, history: readRunHistory(history) };
  }
  throw new Error('nothing was replayed');
}

// eslint-disable-next-line @typescript-eslint/require-await -- the repair takes its runs as they come
async function* only<T>(value: T): AsyncGenerator<T> {
  yield value;
}
