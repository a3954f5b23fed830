import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { Runtime } from '@temporalio/worker';
import type { Config } from '../../src/config/config';
import { openOrders } from '../../src/orders/open-orders';
import type { Orders } from '../../src/orders/open-orders';
import type { RunningPart } from '../../src/stack/part';
import { privateConfig } from '../../src/stack/private-stack';
import type { PrivateConfig } from '../../src/stack/private-stack';
import { PART_NAMES, startPart } from '../../src/stack/start-part';
import type { PartName } from '../../src/stack/start-part';
import { noTracer } from '../../src/cli/session';

/** Short times for tests: real back-off and attempts, nothing that takes long to run out. */
const FAST = {
  LOG_LEVEL: 'fatal',
  PAYMENT_PROVIDER_TIMEOUT_MS: '200',
  SAGA_STEP_MAX_ATTEMPTS: '3',
  SAGA_STEP_BACKOFF_INITIAL_MS: '10',
  SAGA_STEP_BACKOFF_MAX_MS: '50',
  SAGA_COMPENSATION_MAX_ATTEMPTS: '3',
  SAGA_COMPENSATION_BACKOFF_INITIAL_MS: '10',
  SAGA_COMPENSATION_BACKOFF_MAX_MS: '50',
  ORDER_WAIT_MS: '60000',
  // An order that a test interrupts stays interrupted, unless it is the guardian's test.
  GUARDIAN_INTERVAL_MS: '0',
  GATEWAY_DRAIN_MS: '0',
  // All parts share this process: under load, one answer may take its time.
  GATEWAY_REQUEST_TIMEOUT_MS: '60000',
  GATEWAY_MAX_EVENT_LOOP_DELAY_MS: '0',
  GATEWAY_RATE_LIMIT: '0',
};

const RETENTION_SECONDS = 86_400;

/**
 * The whole system in this process, on ports, a DATA_DIR and a Temporal namespace of its own, so that neither
 * its task queue nor its list of orders is shared with another test.
 */
export class TestStack {
  readonly #parts = new Map<PartName, RunningPart>();
  readonly #private: PrivateConfig;
  #hadWorker = false;
  readonly #temporal: Readonly<Record<string, string>>;

  private constructor(own: PrivateConfig, temporal: Readonly<Record<string, string>>) {
    this.#private = own;
    this.#temporal = temporal;
  }

  /**
   * Starts `parts` (all of them unless told), with `settings` added to the environment.
   *
   * @param address of the Temporal server; that of the test run unless told.
   */
  static async start(
    settings: Readonly<Record<string, string>> = {},
    parts: readonly PartName[] = PART_NAMES,
    address: string = serverAddress(),
  ): Promise<TestStack> {
    const temporal = { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: `test-${randomUUID()}` };
    await registerNamespace(temporal.TEMPORAL_ADDRESS, temporal.TEMPORAL_NAMESPACE);
    const bundle = process.env['TEST_WORKFLOW_BUNDLE'];
    const own = await privateConfig({
      ...FAST,
      ...(bundle !== undefined && { WORKFLOW_BUNDLE: bundle }),
      ...temporal,
      ...settings,
    });
    const stack = new TestStack(own, temporal);
    try {
      for (const part of parts) await stack.startPart(part);
      return stack;
    } catch (error) {
      await stack.stop();
      throw error;
    }
  }

  get config(): Config {
    return this.#private.config;
  }

  /** What makes another process part of this system, or its client. */
  get environment(): Readonly<Record<string, string>> {
    return this.#private.environment;
  }

  async startPart(name: PartName): Promise<void> {
    // The worker looks its server up in the environment of the process.
    Object.assign(process.env, this.#temporal);
    if (name === 'worker') this.#hadWorker = true;
    this.#parts.set(name, await startPart(name, { config: this.config }));
  }

  async stopPart(name: PartName): Promise<void> {
    const part = this.#parts.get(name);
    this.#parts.delete(name);
    await part?.stop();
  }

  /** A client of this system; the caller closes it. */
  openOrders(): Promise<Orders> {
    // All parts share this process: under load, one answer may take its time.
    const options = { environment: this.environment, requestTimeoutMs: 60_000 };
    return openOrders(this.config, { tracer: noTracer() }, options);
  }

  /** Stops every part and deletes the data. */
  async stop(): Promise<void> {
    for (const name of [...this.#parts.keys()].reverse()) await this.stopPart(name);
    // Left running, the worker's native runtime keeps the test process from ending.
    if (this.#hadWorker) await Runtime.instance().shutdown();
    for (const name of Object.keys(this.#temporal)) Reflect.deleteProperty(process.env, name);
    await this.#private.remove();
  }
}

// Not `temporal.ts`: it installs a runtime of its own, and a process has room for the worker's alone.
function serverAddress(): string {
  const address = process.env['TEST_TEMPORAL_ADDRESS'];
  if (address === undefined) throw new Error('TEST_TEMPORAL_ADDRESS is not set: run tests through npm test');
  return address;
}

async function registerNamespace(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: RETENTION_SECONDS as never },
    });
  } finally {
    await connection.close();
  }
}
