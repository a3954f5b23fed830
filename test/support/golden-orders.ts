import { expect } from '@jest/globals';
import type { OrderView } from '../../src/domain/order';
import type { StoredSpan } from '../../src/telemetry/stored-span';
import { openTraceStore } from '../../src/telemetry/trace-store';
import { lintTrace } from '../../src/traces/lint-trace';
import type { GoldenTrace } from '../e2e/golden/spans';
import { json, orders } from './cli';
import { eventually } from './eventually';
import { asGolden } from './golden-trace';
import type { TestStack } from './stack';

/** Two lines, three pieces, 79.97 EUR. */
export const GOLDEN_ITEMS = ['--item', 'SKU-KEYBOARD=2', '--item', 'SKU-MOUSE=1'];

type Environment = Readonly<Record<string, string>>;

/** Places orders through the CLI and holds their traces against golden ones. */
export class GoldenOrders {
  readonly #stack: TestStack;
  readonly #flags: readonly string[];

  /** @param flags of every order. */
  constructor(stack: TestStack, flags: readonly string[] = []) {
    this.#stack = stack;
    this.#flags = flags;
  }

  async run(...args: string[]): Promise<OrderView> {
    return json<OrderView & object>(await orders([...args, '--json'], this.#stack.environment));
  }

  /** @param outcome part of the order's id, so that no id is anything else in a span. */
  async place(outcome: string, flags: readonly string[], environment: Environment = {}): Promise<OrderView> {
    const args = ['start', '--sample', '--json', '--order-id', `golden-${outcome}`, ...this.#flags, ...flags];
    return json<OrderView & object>(await orders(args, { ...this.#stack.environment, ...environment }));
  }

  /**
   * The order, cancelled while `activity` was being tried again and again.
   *
   * @param pause environment's suffix of the step whose pause between attempts is when it is cancelled.
   */
  async cancelled(
    outcome: string,
    flags: readonly string[],
    { activity, pause }: { activity: string; pause: string },
  ): Promise<OrderView> {
    const hour = String(3_600_000);
    const environment = {
      [`SAGA_STEP_BACKOFF_INITIAL_MS_${pause}`]: hour,
      [`SAGA_STEP_BACKOFF_MAX_MS_${pause}`]: hour,
    };
    const placed = await this.place(outcome, [...flags, '--detach'], environment);
    await eventually(
      () => this.spansOf(placed),
      (spans) => spans.some(({ name, running }) => name === `RunActivity:${activity}` && running !== true),
      `${activity} has been tried once`,
    );
    return this.run('cancel', placed.orderId);
  }

  /** A span of a service ends when its answer is out, which may be a moment after its order has ended. */
  async expectTrace(order: OrderView, expected: GoldenTrace): Promise<void> {
    const spans = await eventually(
      () => this.spansOf(order),
      (found) => lintTrace(found, order).length === 0,
      'the trace is clean',
      5_000,
    ).catch(() => this.spansOf(order));
    expect(asGolden(spans, order)).toEqual(expected);
    expect(lintTrace(spans, order)).toEqual([]);
    expect(await this.run('trace', order.orderId)).toEqual({ traceId: order.traceId, complete: true, spans });
  }

  spansOf({ traceId }: Pick<OrderView, 'traceId'>): StoredSpan[] {
    const store = openTraceStore(this.#stack.config);
    try {
      return store.spansOf(traceId);
    } finally {
      store.close();
    }
  }
}
