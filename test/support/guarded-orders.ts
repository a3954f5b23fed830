import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { orderWorkflowId } from '../../src/domain/ids';
import type { Order, OrderView } from '../../src/domain/order';
import type { OrderBooks } from '../../src/domain/service-contract';
import { openOrders } from '../../src/orders/open-orders';
import type { Orders } from '../../src/orders/open-orders';
import { startTelemetry } from '../../src/telemetry/start-telemetry';
import type { StartedTelemetry } from '../../src/telemetry/telemetry';
import type { StoredSpan } from '../../src/telemetry/stored-span';
import { openTraceStore } from '../../src/telemetry/trace-store';
import { lintTrace } from '../../src/traces/lint-trace';
import type { GuardianReport } from '../../src/workflows/definitions';
import { GUARDIAN_WORKFLOW_TYPE, ORDERS_TASK_QUEUE } from '../../src/workflows/definitions';
import { AmbushProxy } from './ambush-proxy';
import type { Fate, Moment } from './ambush-proxy';
import { eventually } from './eventually';
import { sampleOrder } from './orders';
import { TestStack } from './stack';

const SERVICES = ['order', 'inventory', 'payment', 'shipping'] as const;
export type Service = (typeof SERVICES)[number];

const GRACE_MS = 500;
const SETTINGS = {
  GUARDIAN_INTERVAL_MS: '1000',
  GUARDIAN_GRACE_MS: String(GRACE_MS),
  TRACE_SWEEP_INTERVAL_MS: '200',
  TRACE_SWEEP_GRACE_MS: '500',
  SAGA_STEP_TIMEOUT_MS: '2000',
  SAGA_COMPENSATION_TIMEOUT_MS: '2000',
  WORKER_STICKY_TIMEOUT_MS: '500',
};

/** Where something befalls an order. */
export interface Point {
  readonly kind: Order['transaction'];
  readonly service: Service;
  readonly route: string;
  readonly moment: Moment;
  /** Makes the order come there. */
  readonly order?: Partial<Order>;
}

/** No carrier goes there: the order is undone. */
export const NO_CARRIER = { ...sampleOrder().shippingAddress, country: 'AQ' };

const OUTCOME_LIMIT_MS = 60_000;

/** The whole system under a guardian that looks every second, with a proxy before each service. */
export class GuardedOrders {
  private constructor(
    readonly stack: TestStack,
    readonly proxies: Readonly<Record<Service, AmbushProxy>>,
    readonly cli: StartedTelemetry,
    readonly opened: Orders,
  ) {}

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<GuardedOrders> {
    const proxies = {} as Record<Service, AmbushProxy>;
    const urls: Record<string, string> = {};
    for (const name of SERVICES) {
      proxies[name] = await AmbushProxy.start();
      urls[`${name.toUpperCase()}_SERVICE_URL`] = proxies[name].url;
    }
    const stack = await TestStack.start({ ...SETTINGS, ...settings, ...urls }, SERVICES);
    for (const name of SERVICES) {
      proxies[name].target = `http://127.0.0.1:${String(stack.config.services[name].port)}`;
    }
    await stack.startPart('worker');
    const cli = startTelemetry({ service: 'orders-cli', config: stack.config, environment: {} });
    const options = { environment: stack.environment, requestTimeoutMs: 60_000 };
    return new GuardedOrders(stack, proxies, cli, await openOrders(stack.config, cli, options));
  }

  async stop(): Promise<void> {
    await this.opened.close();
    await this.cli.shutdown();
    await this.stack.stop();
    await Promise.all(Object.values(this.proxies).map((proxy) => proxy.stop()));
  }

  get orders() {
    return this.opened.orders;
  }

  /** Places an order, as the first span of its trace. */
  async place(changes: Partial<Order> = {}): Promise<string> {
    return this.cli.tracer.startActiveSpan('orders start', async (span) => {
      try {
        return (await this.orders.start(sampleOrder(changes))).orderId;
      } finally {
        span.end();
      }
    });
  }

  async terminate(orderId: string): Promise<void> {
    await this.opened.client.workflow.getHandle(orderWorkflowId(orderId)).terminate('by a test');
  }

  /** Does something once, when a request comes to `point`; returns when that is done. */
  async strike(
    { service, route, moment }: Omit<Point, 'kind'>,
    act: () => Promise<unknown>,
    fate: Fate = 'is lost',
  ): Promise<void> {
    await this.proxies[service].strikeOnce(
      (request) => request.route === `POST ${route}`,
      moment,
      async () => {
        await act();
        return fate;
      },
    );
  }

  /** An order that is terminated at a request of its own. */
  async terminatedAt({ kind, service, route, moment, order }: Point): Promise<string> {
    const orderId = `ord_${randomUUID()}`;
    const struck = this.strike({ service, route, moment }, () => this.terminate(orderId));
    await this.place({ orderId, transaction: kind, ...order });
    await struck;
    return orderId;
  }

  /** Deletes the order's workflow; whoever asks for it is told that there is none. */
  async forget(orderId: string): Promise<void> {
    const { client } = this.opened;
    const workflowExecution = { workflowId: orderWorkflowId(orderId) };
    const { namespace } = client.options;
    await client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution });
    await eventually(
      () =>
        this.orders.summary(orderId).then(
          () => 'there',
          (error: unknown) => (error as Error).name,
        ),
      (found) => found === 'OrderNotFoundError',
      'the workflow is deleted',
    );
  }

  /** The order's outcome. */
  async outcome(orderId: string): Promise<OrderView> {
    const view = await this.orders.waitForOutcome(orderId, { timeoutMs: OUTCOME_LIMIT_MS });
    if (view === undefined) throw new Error(`${orderId} has no outcome`);
    return view;
  }

  /** The order once the guardian has taken it over and it is over, or waits. */
  async settled(orderId: string): Promise<OrderView> {
    await eventually(
      () => this.orders.summary(orderId).catch(() => undefined),
      (summary) => summary?.settlement !== undefined && summary.interrupted === undefined,
      'the guardian has taken the order over',
    );
    return this.outcome(orderId);
  }

  spansOf({ traceId }: OrderView): StoredSpan[] {
    const store = openTraceStore(this.stack.config);
    try {
      return store.spansOf(traceId);
    } finally {
      store.close();
    }
  }

  async expectWholeTrace(view: OrderView): Promise<void> {
    await eventually(
      () => lintTrace(this.spansOf(view), view),
      (breaches) => breaches.length === 0,
      'the trace is whole',
    );
  }

  async expectCleanAudit(): Promise<void> {
    await eventually(
      async () => (await this.opened.audit()).violations,
      (violations) => violations.length === 0,
      'the audit is clean',
    );
  }

  /** Expects the order to have `count` runs, as soon as Temporal lists them. */
  async expectRuns(orderId: string, count: number): Promise<void> {
    const query = `WorkflowId = '${orderWorkflowId(orderId)}'`;
    const { client } = this.opened;
    await eventually(
      async () => (await client.workflow.count(query)).count,
      (found) => found >= count,
      'every run is listed',
    );
    expect((await client.workflow.count(query)).count).toBe(count);
  }

  /** One look of the guardian's, beside those of its schedule. */
  look(): Promise<GuardianReport> {
    return this.opened.client.workflow.execute(GUARDIAN_WORKFLOW_TYPE, {
      workflowId: `look-${randomUUID()}`,
      taskQueue: ORDERS_TASK_QUEUE,
    });
  }

  /** A step's request, as the order itself makes it. */
  async request(orderId: string, step: string): Promise<Response> {
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
    return fetch(this.proxies[service].target + route, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'idempotency-key': `${orderWorkflowId(orderId)}/${step}`,
      },
      body: JSON.stringify(body),
    });
  }

  /** Until the order has stood still for the guardian's grace, by the order service's own clock. */
  async untilOld(orderId: string): Promise<void> {
    const url = `${this.proxies.order.target}/books?unchangedForMs=${String(GRACE_MS)}&orderId=${orderId}`;
    await eventually(
      async () => ((await (await fetch(url)).json()) as OrderBooks).orders,
      (found) => found.length === 1,
      'the order is old',
    );
  }
}
