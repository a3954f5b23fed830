import type { Tracer } from '@opentelemetry/api';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config, ServiceName } from '../../src/config/config';
import { orderWorkflowId } from '../../src/domain/ids';
import type { OrderView, TransactionKind } from '../../src/domain/order';
import { openOrders } from '../../src/orders/open-orders';
import type { Orders } from '../../src/orders/open-orders';
import type { AmbushProxy } from '../support/ambush-proxy';
import { eventually } from '../support/eventually';
import { allCells, SCENARIOS } from './cells';
import type { Cell, Scenario } from './cells';
import { cancelPatiently, orderInput, outcomeOf, startPatiently } from './chaos-orders';
import { Parts } from './parts';
import { randomOf, shuffled } from './random';
import { strike } from './strike';
import { breachesInTheEnd } from './traces';

/** What the parts run with: nothing is given up for a fault, a frozen service is soon late, and the sweep is quick. */
export const MATRIX_SETTINGS = {
  SAGA_STEP_TIMEOUT_MS: '1500',
  SAGA_STEP_MAX_ATTEMPTS: '1000',
  SAGA_STEP_BACKOFF_INITIAL_MS: '50',
  SAGA_STEP_BACKOFF_MAX_MS: '500',
  SAGA_COMPENSATION_TIMEOUT_MS: '1500',
  SAGA_COMPENSATION_MAX_ATTEMPTS: '1000',
  SAGA_COMPENSATION_BACKOFF_INITIAL_MS: '50',
  SAGA_COMPENSATION_BACKOFF_MAX_MS: '500',
  WORKER_STICKY_TIMEOUT_MS: '500',
  PAYMENT_PROVIDER_TIMEOUT_MS: '200',
  TRACE_SWEEP_INTERVAL_MS: '1000',
  TRACE_SWEEP_GRACE_MS: '3000',
};

export const SERVICES = [
  'order',
  'inventory',
  'payment',
  'shipping',
] as const satisfies readonly ServiceName[];

/** Attempts of a step that a scenario gives up. */
const FEW_ATTEMPTS = 2;
/** A strike comes up to this late, so that not every seed does the same, ms. */
const MAX_PAUSE_MS = 30;
/** How a cancelled order ends, however far it was. */
const CANCELLED = 'cancelled';
const LIMIT_MS = 120_000;
const SWEEP_LIMIT_MS = 60_000;

export interface MatrixOptions {
  readonly config: Config;
  /** Of the parts' processes: they reach the services through `proxies`. */
  readonly environment: Readonly<Record<string, string>>;
  readonly proxies: Readonly<Record<ServiceName, AmbushProxy>>;
  /** Traces the starts of orders. */
  readonly tracer: Tracer;
  readonly say: (line: string) => void;
}

/** What a cell came to with one seed. */
export interface CellRun {
  readonly cell: Cell;
  readonly seed: number;
  readonly seconds: number;
  /** What did not hold; empty when all did. */
  readonly violations: readonly string[];
}

/** An order to run, and how it ends when nothing befalls it. */
interface Plan {
  readonly transaction: TransactionKind;
  readonly scenario: Scenario;
  readonly client: Orders;
  readonly end: string;
}

/** Runs cells of the crash matrix on one stack, one after the other. */
export class CrashMatrix {
  readonly #options: MatrixOptions;
  readonly #parts: Parts;
  readonly #plans: Plan[] = [];
  /** By `<transaction>/<call>`: an order that makes the call, and where it goes. */
  readonly #calls = new Map<string, { readonly plan: Plan; readonly service: ServiceName }>();
  readonly #clients: Orders[] = [];
  #orders = 0;

  private constructor(options: MatrixOptions) {
    this.#options = options;
    this.#parts = new Parts(options.environment);
  }

  /**
   * Starts the parts and learns from undisturbed orders where each call goes and how each scenario ends.
   *
   * @throws when no scenario makes one of the calls that the definitions have.
   */
  static async start(options: MatrixOptions): Promise<CrashMatrix> {
    const matrix = new CrashMatrix(options);
    try {
      await matrix.#parts.start(...SERVICES, 'worker');
      for (const scenario of SCENARIOS) await matrix.#learn(scenario);
      const unknown = allCells().find(
        ({ transaction, call }) => !matrix.#calls.has(`${transaction}/${call}`),
      );
      if (unknown !== undefined) throw new Error(`no scenario makes the call of ${unknown.id}`);
      return matrix;
    } catch (error) {
      await matrix.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.#parts.dispose();
  }

  /** Each cell once, in an order that follows from the seed; then the traces of all of them. */
  async run(cells: readonly Cell[], seed: number): Promise<CellRun[]> {
    const views = new Map<CellRun, OrderView[]>();
    for (const cell of shuffled(cells, randomOf(seed))) {
      const started = performance.now();
      const orders: OrderView[] = [];
      const violations = await this.#runCell(cell, randomOf(seed), orders).catch(async (error: unknown) => [
        String(error),
        ...(await this.#stateOfThings()),
      ]);
      const seconds = (performance.now() - started) / 1000;
      views.set({ cell, seed, violations, seconds }, orders);
      const mark = violations.length === 0 ? 'ok  ' : 'FAIL';
      this.#options.say([`${mark} ${cell.id} ${seconds.toFixed(1)} s`, ...violations].join('\n     '));
      if (violations.length > 0) await this.#parts.restore();
    }
    const orders = [...views.values()].flat();
    const breaches = await breachesInTheEnd(orders, this.#options.config, SWEEP_LIMIT_MS);
    return [...views].map(([run, ofRun]) => {
      const isOurs = (breach: string) => ofRun.some(({ orderId }) => breach.startsWith(`${orderId} `));
      return { ...run, violations: [...run.violations, ...breaches.filter(isOurs)] };
    });
  }

  async #learn(scenario: Scenario): Promise<void> {
    const { config, environment, proxies, tracer } = this.#options;
    const overrides = Object.fromEntries(
      scenario.givenUp.map((name) => [name, { maxAttempts: FEW_ATTEMPTS }]),
    );
    const policies = { ...config.policies, overrides };
    const client = await openOrders(
      { ...config, policies },
      { tracer },
      { environment, requestTimeoutMs: 60_000 },
    );
    this.#clients.push(client);
    for (const transaction of ['saga', 'tcc'] as const) {
      const called = new Map<string, ServiceName>();
      for (const service of SERVICES) {
        proxies[service].onRequest = ({ key }) => {
          if (key !== undefined) called.set(key, service);
        };
      }
      const learnt = { transaction, scenario, client, end: '' };
      const orderId = await this.#place(learnt);
      const plan = { ...learnt, end: endOf(await this.#outcomeOf(orderId)) };
      this.#plans.push(plan);
      for (const [key, service] of called) {
        const call = `${transaction}/${key.replace(keyOf(orderId, ''), '')}`;
        if (!this.#calls.has(call)) this.#calls.set(call, { plan, service });
      }
    }
    for (const service of SERVICES) proxies[service].onRequest = () => undefined;
  }

  /** Strikes an order at the cell's place, while another one is under way; what does not hold afterwards. */
  async #runCell(cell: Cell, random: () => number, views: OrderView[]): Promise<string[]> {
    const { plan, service } = this.#calls.get(`${cell.transaction}/${cell.call}`)!;
    const proxy = this.#options.proxies[service];
    const neighbour = this.#plans[Math.floor(random() * this.#plans.length)]!;
    const orderId = this.#newOrderId();
    let isOver = false;
    let recovered: Promise<void> | undefined;
    const struck = proxy.strikeOnce(
      ({ key }) => key === keyOf(orderId, cell.call),
      cell.moment,
      async () => {
        await sleep(random() * MAX_PAUSE_MS);
        const done = await strike({
          ...{ cell, service, proxy, random, parts: this.#parts },
          isOver: () => isOver,
          cancel: () => cancelPatiently(plan.client, orderId),
        });
        ({ recovered } = done);
        // An unhandled rejection would end this process before it is looked at below.
        recovered.catch(() => undefined);
        return done.fate;
      },
    );
    const neighbourId = await this.#place(neighbour);
    await this.#place(plan, orderId);
    const outcome = this.#outcomeOf(orderId).finally(() => (isOver = true));
    await Promise.race([struck, outcome]);
    const view = await outcome;
    await Promise.race([struck, notStruck(cell)]);
    await recovered;
    const other = await this.#outcomeOf(neighbourId);
    views.push(view, other);
    await eventually(
      () => SERVICES.reduce((sum, name) => sum + this.#options.proxies[name].underWay, 0),
      (underWay) => underWay === 0,
      'no request is under way any more',
    );
    const { violations } = await plan.client.audit();
    return [
      ...unlike(view, cell.fault === 'cancel-twice' ? [plan.end, CANCELLED] : [plan.end]),
      ...unlike(other, [neighbour.end]),
      ...violations.map((violation) => `audit: ${JSON.stringify(violation)}`),
    ];
  }

  async #place(plan: Plan, orderId = this.#newOrderId()): Promise<string> {
    const { transaction, scenario, client } = plan;
    await startPatiently(client, this.#options.tracer, orderInput(orderId, { transaction, ...scenario }));
    return orderId;
  }

  /** For whoever has to find out why an order came to no end. */
  async #stateOfThings(): Promise<string[]> {
    const { workflow } = this.#clients[0]!.client;
    const lines = [...SERVICES, 'worker' as const].map(
      (name) => `${name}: ${this.#parts.process(name).isRunning ? 'running' : 'ended'}`,
    );
    for await (const { workflowId } of workflow.list({ query: "ExecutionStatus = 'Running'" })) {
      const { raw } = await workflow.getHandle(workflowId).describe();
      lines.push(
        `${workflowId}: ${JSON.stringify([raw.pendingWorkflowTask ?? 'no workflow task', ...(raw.pendingActivities ?? [])])}`,
      );
    }
    return lines;
  }

  #outcomeOf(orderId: string): Promise<OrderView> {
    return outcomeOf(this.#clients[0]!, orderId, LIMIT_MS);
  }

  #newOrderId(): string {
    return `chaos-${String(process.pid)}-${String(++this.#orders)}`;
  }
}

function keyOf(orderId: string, call: string): string {
  return `${orderWorkflowId(orderId)}/${call}`;
}

function endOf({ status, failure }: OrderView): string {
  const step = failure?.step ?? undefined;
  return step === undefined ? status : `${status} (${String(failure?.code)} at ${step})`;
}

function unlike(view: OrderView, ends: readonly string[]): string[] {
  const found = endOf(view);
  return ends.includes(found) ? [] : [`${view.orderId} ended ${found}, not ${ends.join(' or ')}`];
}

async function notStruck({ id }: Cell): Promise<never> {
  await sleep(LIMIT_MS, undefined, { ref: false });
  throw new Error(`nothing was struck at ${id}`);
}
