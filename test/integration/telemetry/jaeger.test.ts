import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { orderWorkflowId } from '../../../src/domain/ids';
import type { OrderView } from '../../../src/domain/order';
import { PART_NAMES } from '../../../src/stack/start-part';
import { json, orders } from '../../support/cli';
import { eventually } from '../../support/eventually';
import { Jaeger } from '../../support/jaeger';
import type { JaegerSpan } from '../../support/jaeger';
import { TestStack } from '../../support/stack';
import { startParts } from '../../support/stack-processes';
import type { TsProcess } from '../../support/ts-process';

/** How an order goes, and what SPEC 4's picture of its saga is then. */
interface Scenario {
  readonly args: readonly string[];
  readonly saga: readonly string[];
}

const SCENARIOS = {
  completed: {
    args: [],
    saga: [
      'Saga: Create Order OK',
      'Step: Create Order OK',
      'Step: Reserve Inventory OK',
      'Step: Process Payment OK',
      'Step: Create Shipment OK',
    ],
  },
  outOfStock: {
    args: ['--item', 'SKU-NONE=2'],
    saga: [
      'Saga: Create Order ERROR',
      'Step: Create Order OK',
      'Step: Reserve Inventory ERROR',
      'Compensation: Cancel Order OK -> Step: Create Order',
    ],
  },
  declined: {
    args: ['--payment', 'pm_card_declined'],
    saga: [
      'Saga: Create Order ERROR',
      'Step: Create Order OK',
      'Step: Reserve Inventory OK',
      'Step: Process Payment ERROR',
      'Compensation: Release Inventory OK -> Step: Reserve Inventory',
      'Compensation: Cancel Order OK -> Step: Create Order',
    ],
  },
  shippingRefused: {
    args: ['--country', 'AQ'],
    saga: [
      'Saga: Create Order ERROR',
      'Step: Create Order OK',
      'Step: Reserve Inventory OK',
      'Step: Process Payment OK',
      'Step: Create Shipment ERROR',
      'Compensation: Refund Payment OK -> Step: Process Payment',
      'Compensation: Release Inventory OK -> Step: Reserve Inventory',
      'Compensation: Cancel Order OK -> Step: Create Order',
    ],
  },
  cancelled: {
    args: ['--country', 'XX'],
    saga: [
      'Saga: Create Order ERROR',
      'Step: Create Order OK',
      'Step: Reserve Inventory OK',
      'Step: Process Payment OK',
      'Step: Create Shipment ERROR',
      'Compensation: Cancel Shipment OK -> Step: Create Shipment',
      'Compensation: Refund Payment OK -> Step: Process Payment',
      'Compensation: Release Inventory OK -> Step: Reserve Inventory',
      'Compensation: Cancel Order OK -> Step: Create Order',
    ],
  },
} as const satisfies Record<string, Scenario>;
type ScenarioName = keyof typeof SCENARIOS;

/** What runs to its end by itself. */
const MIX: readonly ScenarioName[] = ['completed', 'outOfStock', 'declined', 'shippingRefused'];
const OF_EACH = 2;
/** How soon an order that runs must be found, ms. */
const FOUND_WITHIN_MS = 5_000;

describe('orders in a real Jaeger', () => {
  let jaeger: Jaeger;
  let stack: TestStack;
  let parts: TsProcess[] = [];
  /** Trace id of each order that has ended, and how it went. */
  const traces = new Map<string, ScenarioName>();

  beforeAll(async () => {
    jaeger = await Jaeger.start();
    stack = await TestStack.start(
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.otlpEndpoint,
        // Tried until it is cancelled.
        SAGA_STEP_MAX_ATTEMPTS_CREATE_SHIPMENT: '1000',
        // What is shown is the trace of an order, not how many milliseconds a busy machine takes for it.
        PAYMENT_PROVIDER_TIMEOUT_MS: '5000',
        SAGA_STEP_BACKOFF_MAX_MS_CREATE_SHIPMENT: '2000',
        SAGA_STEP_BACKOFF_INITIAL_MS_CREATE_SHIPMENT: '500',
      },
      [],
    );
    parts = await startParts(stack, PART_NAMES);
  });
  afterAll(async () => {
    await Promise.all(parts.map((part) => part.dispose()));
    await stack.stop();
    await jaeger.stop();
  });

  const place = (orderId: string, name: ScenarioName, ...flags: string[]) =>
    orders(
      ['start', '--sample', '--order-id', orderId, ...SCENARIOS[name].args, ...flags, '--json'],
      stack.environment,
    );

  const endedTraces = () =>
    Promise.all([...traces].map(async ([id, name]) => ({ name, spans: await jaeger.spansOf(id) })));

  it('finds an order that runs by its workflow id, as soon as it is started', async () => {
    const orderId = `running-${randomUUID()}`;
    expect(await place(orderId, 'cancelled', '--detach')).toMatchObject({ code: 0 });
    const byWorkflowId = {
      service: 'orders-cli',
      operation: 'StartWorkflow:orderSaga',
      tags: { temporalWorkflowId: orderWorkflowId(orderId) },
    };
    const found = await eventually(
      () => jaeger.search(byWorkflowId),
      (ids) => ids.length > 0,
      'the running order is found',
      FOUND_WITHIN_MS,
    );
    const view = async () => json<OrderView>(await orders(['status', orderId, '--json'], stack.environment));
    const running = await eventually(
      view,
      ({ steps }) => steps[3]?.state === 'running',
      'its shipment is being tried',
    );
    expect(found).toEqual([running.traceId]);

    expect(await orders(['cancel', orderId], stack.environment)).toMatchObject({ code: 0 });
    await eventually(view, ({ status }) => status === 'cancelled', 'the order is cancelled');
    traces.set(running.traceId, 'cancelled');
  });

  it('finds exactly the sagas that failed by service, saga.type and error', async () => {
    const waiting = Array.from({ length: OF_EACH }, () => MIX).flat();
    const customer = async () => {
      for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
        const placed = await place(`${name}-${randomUUID()}`, name);
        expect(placed.code).toBe(name === 'completed' ? 0 : 1);
        traces.set(json<{ traceId: string }>(placed).traceId, name);
      }
    };
    await Promise.all([customer(), customer()]);
    // Once all have ended, no span is missing and none can come any more.
    parts.forEach((part) => {
      part.signal('SIGTERM');
    });
    expect(await Promise.all(parts.map((part) => part.ended))).toEqual(PART_NAMES.map(() => 0));

    const failed = [...traces].filter(([, name]) => name !== 'completed').map(([id]) => id);
    const found = await jaeger.search({
      service: 'order-service',
      tags: { 'saga.type': 'orchestration', error: 'true' },
    });
    expect(found.sort()).toEqual(failed.sort());
  });

  it('shows each order as one tree: one root, no orphan, no duplicate', async () => {
    for (const { name, spans } of await endedTraces()) {
      const ids = spans.map(({ spanId }) => spanId);
      const known = new Set(ids);
      const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
      const orphans = spans.filter(
        ({ parentSpanId }) => parentSpanId !== undefined && !known.has(parentSpanId),
      );
      expect({
        name,
        roots: roots.map(title),
        orphans: orphans.map(title),
        duplicates: ids.filter((id, index) => ids.indexOf(id) !== index),
      }).toEqual({ name, roots: ['orders-cli orders start'], orphans: [], duplicates: [] });
    }
  });

  it("shows the contract's spans, with every compensation linked to the step that it undoes", async () => {
    for (const { name, spans } of await endedTraces()) {
      expect({ name, saga: sagaOf(spans) }).toEqual({ name, saga: [...SCENARIOS[name].saga].sort() });
    }
  });

  it('shows the way from the caller down to every service and its database', async () => {
    const { spans } = (await endedTraces()).find(({ name }) => name === 'shippingRefused')!;
    const seen = new Set(spans.map((span) => `${title(span)} ${span.kind}`));
    const services = ['order', 'inventory', 'payment', 'shipping'].map((name) => `${name}-service`);
    const servers = services.filter((service) =>
      spans.some((span) => span.service === service && span.kind === 'SERVER'),
    );
    expect(servers).toEqual(services);
    for (const expected of [
      'orders-cli StartWorkflow:orderSaga INTERNAL',
      'order-service RunWorkflow:orderSaga INTERNAL',
      'order-service POST /reservations CLIENT',
      'inventory-service POST /reservations SERVER',
      'inventory-service INSERT reservations CLIENT',
    ]) {
      expect([...seen]).toContain(expected);
    }
  });
});

const title = ({ service, name }: JaegerSpan) => `${service} ${name}`;

/** The saga's own spans: name and status, and the names of the steps that each is linked to. */
function sagaOf(spans: readonly JaegerSpan[]): string[] {
  const nameOf = new Map(spans.map(({ traceId, spanId, name }) => [`${traceId}/${spanId}`, name]));
  return spans
    .filter(({ name }) => /^(Saga|Step|Compensation): /.test(name))
    .map(({ name, status, links }) => {
      const linked = links.map(({ traceId, spanId }) => nameOf.get(`${traceId}/${spanId}`) ?? 'nothing');
      return [`${name} ${status}`, ...linked].join(' -> ');
    })
    .sort();
}
