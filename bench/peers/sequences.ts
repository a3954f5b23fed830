import type { Expected } from './work';
import type { Sizes } from './phases';

/** How many orders ran which steps: `create_order>reserve_inventory>…` to its count. */
export type SequenceCounts = Readonly<Record<string, number>>;

const SEPARATOR = '>';

/** Writes down what the steps do when they do nothing: that they ran, and in which order. */
export class Sequences {
  readonly #steps = new Map<string, string[]>();

  add(orderId: string, step: string): void {
    const steps = this.#steps.get(orderId);
    if (steps === undefined) this.#steps.set(orderId, [step]);
    else steps.push(step);
  }

  counts(): SequenceCounts {
    const counts: Record<string, number> = {};
    for (const steps of this.#steps.values()) count(counts, steps, 1);
    return counts;
  }
}

/** @throws Error when an order has run other steps than it should have, or in another order, or more than once. */
export function checkSequences(actual: SequenceCounts, expected: readonly Expected[], sizes: Sizes): void {
  const wanted: Record<string, number> = {};
  for (const { completed, compensated } of expected) {
    count(wanted, completed, sizes.warmUp + sizes.orders + sizes.alone);
    count(wanted, compensated, sizes.compensated);
  }
  const wrong = [...new Set([...Object.keys(actual), ...Object.keys(wanted)])]
    .filter((steps) => actual[steps] !== wanted[steps])
    .map((steps) => `${steps}: ${String(actual[steps] ?? 0)} orders, not ${String(wanted[steps] ?? 0)}`);
  if (wrong.length > 0) throw new Error(`steps did not run as they should have: ${wrong.join('; ')}`);
}

function count(counts: Record<string, number>, steps: readonly string[], orders: number): void {
  const key = steps.join(SEPARATOR);
  counts[key] = (counts[key] ?? 0) + orders;
}
