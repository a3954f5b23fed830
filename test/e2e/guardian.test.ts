import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { orderWorkflowId } from '../../src/domain/ids';
import type { Order, OrderView } from '../../src/domain/order';
import type { OrderBooks } from '../../src/domain/service-contract';
import { STEPS_OF } from '../../src/domain/steps';
import { OrderNotFoundError } from '../../src/orders/errors';
import { openOrders } from '../../src/orders/open-orders';
import type { Orders } from '../../src/orders/open-orders';
import { startTelemetry } from '../../src/telemetry/start-telemetry';
import type { StartedTelemetry } from '../../src/telemetry/telemetry';
import { openTraceStore } from '../../src/telemetry/trace-store';
import { lintTrace } from '../../src/traces/lint-trace';
import type { GuardianReport } from '../../src/workflows/definitions';
import { GUARDIAN_WORKFLOW_TYPE, ORDERS_TASK_QUEUE } from '../../src/workflows/definitions';
import { AmbushProxy } from '../support/ambush-proxy';
import type { Moment } from '../support/ambush-proxy';
import { eventually } from '../support/eventually';
import { sampleOrder } from '../support/orders';
import { TestStack } from '../support/stack';
import { startParts } from '../support/stack-processes';
import type { TsProcess } from '../support/ts-process';

const SERVICES = ['order', 'inventory', 'payment', 'shipping'] as const;
type Service = (typeof SERVICES)[number];

const SETTINGS = {
  GUARDIAN_INTERVAL_MS: '1000',
  GUARDIAN_GRACE_MS: '500',
  TRACE_SWEEP_INTERVAL_MS: '200',
  TRACE_SWEEP_GRACE_MS: '500',
  SAGA_STEP_TIMEOUT_MS: '2000',
  SAGA_COMPENSATION_TIMEOUT_MS: '2000',
  WORKER_STICKY_TIMEOUT_MS: '500',
};

const NAMES: Readonly<Record<Moment, string>> = {
  call: 'before the call',
  effect: 'after the effect, before the reply',
  reply: 'after the reply',
};

interface Point {
  readonly kind: Order['transaction'];
  readonly service: Service;
  readonly route: string;
  readonly moment: Moment;
  /** Makes the order come there. */
  readonly order?: Partial<Order>;
}

const AT: Readonly<Record<Order['transaction'], readonly (readonly [Service, string])[]>> = {
  saga: [
    ['order', '/orders'],
    ['inventory', '/reservations'],
    ['payment', '/payments'],
    ['shipping', '/shipments'],
  ],
  tcc: [
    ['order', '/orders'],
    ['inventory', '/holds'],
    ['payment', '/holds'],
    ['inventory', '/confirmations'],
    ['payment', '/confirmations'],
    ['shipping', '/shipments'],
  ],
};
const NO_CARRIER = { ...sampleOrder().shippingAddress, country: 'AQ' };
const BACK: readonly Omit<Point, 'moment'>[] = [
  { kind: 'saga', service: 'payment', route: '/refunds', order: { shippingAddress: NO_CARRIER } },
  { kind: 'saga', service: 'order', route: '/cancellations', order: { shippingAddress: NO_CARRIER } },
  { kind: 'tcc', service: 'payment', route: '/reversals', order: { shippingAddress: NO_CARRIER } },
  {
    kind: 'tcc',
    service: 'inventory',
    route: '/cancellations',
    order: { payment: { method: 'pm_card_declined' } },
  },
];
const FORTH = (['saga', 'tcc'] as const).flatMap((kind) =>
  AT[kind].map(([service, route]) => ({ kind, service, route })),
);
/** With its shipment made an order is complete, whatever became of the reply. */
const isComplete = ({ route, moment }: Pick<Point, 'route' | 'moment'>) =>
  route === '/shipments' && moment === 'effect';
const POINTS = [...FORTH, ...BACK]
  .flatMap((point) => (['call', 'effect'] as const).map((moment) => ({ ...point, moment })))
  .filter((point) => !isComplete(point))
  .map((point: Point) => {
    const { kind, service, route, moment } = point;
    return [kind, `POST ${route} of ${service}`, NAMES[moment], point] as const;
  });

let stack: TestStack;
let orders: Orders;
let cli: StartedTelemetry;
const proxies = {} as Record<Service, AmbushProxy>;

beforeAll(async () => {
  const urls: Record<string, string> = {};
  for (const name of SERVICES) {
    proxies[name] = await AmbushProxy.start();
    urls[`${name.toUpperCase()}_SERVICE_URL`] = proxies[name].url;
  }
  stack = await TestStack.start({ ...SETTINGS, ...urls }, SERVICES);
  for (const name of SERVICES) {
    proxies[name].target = `http://127.0.0.1:${String(stack.config.services[name].port)}`;
  }
  await stack.startPart('worker');
  cli = startTelemetry({ service: 'orders-cli', config: stack.config, environment: {} });
  const options = { environment: stack.environment, requestTimeoutMs: 60_000 };
  orders = await openOrders(stack.config, cli, options);
});
afterAll(async () => {
  await orders.close();
  await cli.shutdown();
  await stack.stop();
  await Promise.all(Object.values(proxies).map((proxy) => proxy.stop()));
});

const handleOf = (orderId: string) => orders.client.workflow.getHandle(orderWorkflowId(orderId));
const terminate = async (orderId: string) => {
  await handleOf(orderId).terminate('by a test');
};

async function start(changes: Partial<Order> = {}): Promise<string> {
  return cli.tracer.startActiveSpan('orders start', async (span) => {
    try {
      return (await orders.orders.start(sampleOrder(changes))).orderId;
    } finally {
      span.end();
    }
  });
}

/** An order that is terminated at a request of its own. */
async function terminatedAt({ kind, service, route, moment, order }: Point): Promise<string> {
  const orderId = `ord_${randomUUID()}`;
  const struck = proxies[service].strikeOnce(`POST ${route}`, moment, () => terminate(orderId));
  await start({ orderId, transaction: kind, ...order });
  await struck;
  return orderId;
}

/** The order once the guardian has taken it over and it is over, or waits. */
async function settled(orderId: string): Promise<OrderView> {
  await eventually(
    () => orders.orders.summary(orderId).catch(() => undefined),
    (summary) => summary?.settlement !== undefined && summary.interrupted === undefined,
    'the guardian has taken the order over',
  );
  const view = await orders.orders.waitForOutcome(orderId, { timeoutMs: 60_000 });
  if (view === undefined) throw new Error(`${orderId} has no outcome`);
  return view;
}

async function expectWholeTrace(view: OrderView): Promise<void> {
  await eventually(
    () => {
      const store = openTraceStore(stack.config);
      try {
        return lintTrace(store.spansOf(view.traceId), view);
      } finally {
        store.close();
      }
    },
    (breaches) => breaches.length === 0,
    'the trace is whole',
  );
}

async function expectCleanAudit(): Promise<void> {
  await eventually(
    async () => (await orders.audit()).violations,
    (violations) => violations.length === 0,
    'the audit is clean',
  );
}

async function runsOf(orderId: string): Promise<string[]> {
  const runs: string[] = [];
  const query = `WorkflowId = '${orderWorkflowId(orderId)}'`;
  for await (const { runId } of orders.client.workflow.list({ query })) runs.push(runId);
  return runs;
}

const look = (): Promise<GuardianReport> =>
  orders.client.workflow.execute(GUARDIAN_WORKFLOW_TYPE, {
    workflowId: `look-${randomUUID()}`,
    taskQueue: ORDERS_TASK_QUEUE,
  });

/** A step's request, as the order itself would have made it. */
async function request(orderId: string, step: string): Promise<Response> {
  const { items, customerId, payment, shippingAddress: address } = sampleOrder();
  const amount = { value: 5998, currency: 'EUR' };
  const stock = { orderId, items, expectedAmount: amount };
  const money = { orderId, amount, method: payment.method };
  const confirms = (name: string) => ({ orderId, confirms: `${orderWorkflowId(orderId)}/${name}` });
  const requests: Record<string, readonly [Service, string, object]> = {
    create_order: ['order', '/orders', { orderId, customerId, items, amount }],
    reserve_inventory: ['inventory', '/reservations', stock],
    process_payment: ['payment', '/payments', money],
    try_inventory: ['inventory', '/holds', stock],
    try_payment: ['payment', '/holds', money],
    confirm_inventory: ['inventory', '/confirmations', confirms('try_inventory')],
    confirm_payment: ['payment', '/confirmations', confirms('try_payment')],
    create_shipment: ['shipping', '/shipments', { orderId, items, address }],
  };
  const [service, route, body] = requests[step]!;
  return fetch(proxies[service].target + route, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'idempotency-key': `${orderWorkflowId(orderId)}/${step}`,
    },
    body: JSON.stringify(body),
  });
}

/** Until the order has stood still for the guardian's grace, by the order service's own clock. */
async function untilOld(orderId: string): Promise<void> {
  const url = `${proxies.order.target}/books?unchangedForMs=${SETTINGS.GUARDIAN_GRACE_MS}&orderId=${orderId}`;
  await eventually(
    async () => ((await (await fetch(url)).json()) as OrderBooks).orders,
    (found) => found.length === 1,
    'the order is old',
  );
}

describe('an order whose workflow is terminated', () => {
  it.each(POINTS)('%s, at %s, %s: is undone', async (kind, _, __, point) => {
    const orderId = await terminatedAt(point);
    const { traceId: before } = await orders.orders.summary(orderId);
    const view = await settled(orderId);
    expect(view).toMatchObject({
      status: 'failed',
      transaction: kind,
      failure: { code: 'order_interrupted', step: null },
      settlement: { abandoned: 'terminated' },
      traceId: before,
    });
    expect(view.compensations.every(({ state }) => state === 'done')).toBe(true);
    expect(view.compensations.length).toBeGreaterThan(0);
    const listed = await eventually(
      async () =>
        (await orders.orders.list({ limit: 1000 })).orders.filter((order) => order.orderId === orderId),
      (rows) => rows[0]?.status === 'failed',
      'the list shows it',
    );
    expect(listed).toMatchObject([{ runId: view.runId, settlement: view.settlement, transaction: kind }]);
    expect(listed[0]).not.toHaveProperty('interrupted');
    await expectCleanAudit();
    await expectWholeTrace(view);
  });

  it('is undone once, however many look at the same time', async () => {
    const orderId = await terminatedAt({
      kind: 'saga',
      service: 'shipping',
      route: '/shipments',
      moment: 'call',
    });
    const reports = await Promise.all([look(), look(), look()]);
    expect(reports.map(({ failed }) => failed)).toEqual([0, 0, 0]);
    const view = await settled(orderId);
    expect((await look()).settled).toBe(0);
    await eventually(
      () => runsOf(orderId),
      (runs) => runs.length >= 2,
      'both runs are listed',
    );
    expect(await runsOf(orderId)).toHaveLength(2);
    expect((await orders.orders.get(orderId)).runId).toBe(view.runId);
  });

  it.each(['saga', 'tcc'] as const)('refuses whatever of it comes late: %s', async (kind) => {
    const point = { kind, service: 'shipping', route: '/shipments', moment: 'call' } as const;
    const orderId = await terminatedAt(point);
    await settled(orderId);
    for (const { name } of STEPS_OF[kind]) {
      const answer = await request(orderId, name);
      // What was confirmed keeps its answer; it does nothing any more.
      const replayed = answer.headers.get('idempotent-replayed') === 'true';
      if (!replayed)
        expect([name, await answer.json()]).toMatchObject([name, { code: 'already_compensated' }]);
      expect([name, replayed && answer.ok]).toEqual([name, name.startsWith('confirm_')]);
    }
    await expectCleanAudit();
  });

  it.each(['saga', 'tcc'] as const)('is completed when every effect of it stands: %s', async (kind) => {
    const orderId = await terminatedAt({ kind, service: 'shipping', route: '/shipments', moment: 'effect' });
    const view = await settled(orderId);
    expect(view).toMatchObject({
      status: 'completed',
      compensations: [],
      settlement: { abandoned: 'terminated' },
    });
    expect(view.paymentId).toMatch(/^pay_/);
    await expectCleanAudit();
    await expectWholeTrace(view);
  });

  it('is undone when its customer had asked for that, although every effect of it stands', async () => {
    const orderId = `ord_${randomUUID()}`;
    const struck = proxies.shipping.strikeOnce('POST /shipments', 'effect', async () => {
      await orders.orders.cancel(orderId, { by: 'ann' });
      await terminate(orderId);
    });
    await start({ orderId });
    await struck;
    expect((await settled(orderId)).status).toBe('failed');
    await expectCleanAudit();
  });

  it('parks when something cannot be undone, and an operator reaches it as ever', async () => {
    const method = 'pm_card_refund_fails';
    const orderId = await start({ payment: { method }, shippingAddress: NO_CARRIER });
    await orders.orders.waitForOutcome(orderId, { timeoutMs: 60_000 });
    // Terminated while it is parked, and parked again.
    await terminate(orderId);
    const parked = await settled(orderId);
    expect(parked.status).toBe('needs_attention');
    await expectWholeTrace(parked);
    const { settled: others } = await look();
    expect(others).toBe(0);
    const waiting = await eventually(
      () => orders.orders.waiting(),
      ({ orders: found }) => found.length > 0,
      'it is in the inbox',
    );
    expect(waiting.orders.map((order) => order.orderId)).toEqual([orderId]);
    const retried = await orders.orders.retryCompensation(orderId, { by: 'ann' });
    expect(retried.settlement).toEqual(parked.settlement);
    const again = await orders.orders.waitForOutcome(orderId, { timeoutMs: 60_000 });
    expect(again?.status).toBe('needs_attention');
    await orders.orders.skipCompensation(orderId, { by: 'ann', step: 'refund_payment', reason: 'by bank' });
    const view = await orders.orders.waitForOutcome(orderId, { timeoutMs: 60_000 });
    expect(view?.status).toBe('failed');
    await expectCleanAudit();
    const { debts } = await orders.audit();
    expect(debts).toContainEqual(expect.objectContaining({ orderId, skippedBy: 'ann' }));
    await expectWholeTrace(view!);
  });

  it('leaves alone what an operator has given up, and still calls it a debt', async () => {
    const orderId = `ord_${randomUUID()}`;
    const away = proxies.shipping.strikeOnce('POST /shipments', 'effect', () => stack.stopPart('inventory'));
    const method = 'pm_card_refund_fails';
    await start({ orderId, payment: { method }, shippingAddress: NO_CARRIER });
    await away;
    // Neither can be undone; one of both is given up, so that the order still waits for the other.
    await orders.orders.waitForOutcome(orderId, { timeoutMs: 60_000 });
    await orders.orders.skipCompensation(orderId, { by: 'ann', step: 'refund_payment', reason: 'by bank' });
    await terminate(orderId);
    await stack.startPart('inventory');
    const view = await settled(orderId);
    expect(view.status).toBe('failed');
    expect(view.compensations.map(({ step, state }) => [step, state])).toEqual([
      ['refund_payment', 'skipped'],
      ['release_inventory', 'done'],
      ['cancel_order', 'done'],
    ]);
    await expectCleanAudit();
    const { debts } = await orders.audit();
    expect(debts).toContainEqual(expect.objectContaining({ orderId, skippedBy: 'ann', reason: 'by bank' }));
    await expectWholeTrace(view);
  });

  it('is settled again when its settlement is terminated as well', async () => {
    const orderId = await terminatedAt({
      kind: 'saga',
      service: 'shipping',
      route: '/shipments',
      moment: 'call',
    });
    await proxies.payment.strikeOnce('POST /refunds', 'effect', () => terminate(orderId));
    const view = await settled(orderId);
    expect(view.status).toBe('failed');
    await expectCleanAudit();
    await expectWholeTrace(view);
  });
});

describe('an order whose workflow is lost', () => {
  it.each(['saga', 'tcc'] as const)('is undone: %s', async (kind) => {
    const orderId = await start({ transaction: kind, payment: { method: 'pm_card_flaky' } });
    const struck = proxies.shipping.strikeOnce('POST /shipments', 'call', () => forget(orderId));
    await struck;
    const view = await settled(orderId);
    expect(view).toMatchObject({ status: 'failed', transaction: kind, settlement: { abandoned: 'lost' } });
    expect(view.items).toEqual(sampleOrder().items);
    await expectCleanAudit();
    await expectWholeTrace(view);
  });

  it('stays as it is when its books are those of a completed order', async () => {
    const orderId = `ord_${randomUUID()}`;
    for (const name of ['create_order', 'reserve_inventory', 'process_payment', 'create_shipment']) {
      expect((await request(orderId, name)).status).toBe(201);
    }
    await untilOld(orderId);
    expect(await look()).toEqual({ settled: 0, failed: 0 });
    await expect(orders.orders.summary(orderId)).rejects.toThrow(OrderNotFoundError);
    await expectCleanAudit();
  });
});

/** Deletes the order's workflow; whoever asks for it is told that there is none. */
async function forget(orderId: string): Promise<void> {
  const { client } = orders;
  const workflowExecution = { workflowId: orderWorkflowId(orderId) };
  await client.workflowService.deleteWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution,
  });
  await eventually(
    () =>
      handleOf(orderId)
        .describe()
        .then(
          () => 'there',
          (error: unknown) => (error as Error).name,
        ),
    (found) => found === 'WorkflowNotFoundError',
    'the workflow is deleted',
  );
}

describe('an order that is not abandoned', () => {
  it('is left alone: at work, parked, completed', async () => {
    const completed = await start();
    const method = 'pm_card_refund_fails';
    const parked = await start({ payment: { method }, shippingAddress: NO_CARRIER });
    for (const orderId of [completed, parked]) {
      await orders.orders.waitForOutcome(orderId, { timeoutMs: 60_000 });
    }
    const atWork = `ord_${randomUUID()}`;
    let report: GuardianReport | undefined;
    const struck = proxies.payment.strikeOnce('POST /payments', 'call', async () => {
      const { runId } = await orders.orders.summary(atWork);
      await untilOld(atWork);
      report = await look();
      expect((await orders.orders.summary(atWork)).runId).toBe(runId);
    });
    await start({ orderId: atWork });
    await struck;
    expect(report).toMatchObject({ settled: 0, failed: 0 });
    expect((await orders.orders.waitForOutcome(atWork, { timeoutMs: 60_000 }))?.status).toBe('completed');
    for (const orderId of [completed, parked, atWork]) {
      expect(await runsOf(orderId)).toHaveLength(1);
    }
    await orders.orders.skipCompensation(parked, { by: 'ann', step: 'refund_payment', reason: 'test' });
  });
});

describe('a worker that is killed', () => {
  let worker: TsProcess | undefined;
  const startWorker = async () => {
    [worker] = await startParts(stack, ['worker']);
  };
  beforeAll(() => stack.stopPart('worker'));
  afterEach(async () => {
    await worker?.dispose();
  });

  it.each(['saga', 'tcc'] as const)(
    'in the middle of settling: everything is undone once, %s',
    async (kind) => {
      await startWorker();
      const route = kind === 'saga' ? 'POST /refunds' : 'POST /reversals';
      const killed = proxies.payment.strikeOnce(route, 'effect', async () => {
        worker?.signal('SIGKILL');
        await worker?.ended;
      });
      const orderId = await terminatedAt({ kind, service: 'shipping', route: '/shipments', moment: 'call' });
      await killed;
      await startWorker();
      const view = await settled(orderId);
      expect(view.status).toBe('failed');
      await expectCleanAudit();
      await expectWholeTrace(view);
      const { money } = await orders.audit();
      expect(money.refunded).toBeLessThanOrEqual(money.charged);
    },
  );
});
