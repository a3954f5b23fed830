import { describe, expect, it } from '@jest/globals';
import type { LastHourFacts } from '../../../src/orders/last-hour/signals';
import { signalsOf } from '../../../src/orders/last-hour/signals';

const all = (n: number) => ({ of: n, read: n });
const NOTHING: LastHourFacts = {
  ended: { completed: 0, failed: 0, cancelled: 0 },
  unfinished: 0,
  compensations: { done: 0, failed: 0, ...all(0) },
  seconds: { values: [], ...all(0) },
  waiting: 0,
};

/** Each signal's value and state, by its name. */
const signals = (facts: Partial<LastHourFacts>) =>
  Object.fromEntries(
    signalsOf({ ...NOTHING, ...facts }).map(({ name, value, state }) => [name, [value, state]]),
  );

describe('the last hour', () => {
  it('has no rates, and no NaN, without orders', () => {
    expect(signals({})).toEqual({
      'success rate': [null, 'none'],
      'compensation rate': [null, 'none'],
      'compensation success rate': [null, 'none'],
      'duration, p95': [null, 'none'],
      'orders that need attention': [0, 'ok'],
    });
    expect(signalsOf(NOTHING).map(({ unknown }) => unknown)).toEqual([
      'no orders',
      'no orders',
      'nothing was undone',
      'no orders',
      undefined,
    ]);
  });

  it('has the rates that the recording rules have', () => {
    const facts: Partial<LastHourFacts> = {
      ended: { completed: 24, failed: 3, cancelled: 1 },
      unfinished: 2,
      compensations: { done: 10, failed: 1, ...all(6) },
    };
    expect(signals(facts)).toMatchObject({
      // Of those that ended.
      'success rate': [24 / 28, 'ok'],
      // Of those that completed or are, or were, being undone.
      'compensation rate': [6 / 30, 'warn'],
      'compensation success rate': [10 / 11, 'warn'],
    });
  });

  it.each([
    ['compensation rate', { ended: { completed: 90, failed: 10, cancelled: 0 } }, 'ok'],
    ['compensation rate', { ended: { completed: 89, failed: 10, cancelled: 1 } }, 'warn'],
    ['compensation success rate', { compensations: { done: 101, failed: 1, ...all(9) } }, 'ok'],
    ['compensation success rate', { compensations: { done: 98, failed: 1, ...all(9) } }, 'warn'],
    ['duration, p95', { seconds: { values: [5], ...all(1) } }, 'ok'],
    ['duration, p95', { seconds: { values: [5.01], ...all(1) } }, 'warn'],
    ['orders that need attention', { waiting: 0 }, 'ok'],
    ['orders that need attention', { waiting: 1 }, 'warn'],
  ])('%s of %j is %s', (name, facts, state) => {
    expect(signals(facts)[name]?.[1]).toBe(state);
  });

  it('takes the duration that nineteen of twenty stay below, in whatever order they come', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(signals({ seconds: { values, ...all(100) } })['duration, p95']).toEqual([95, 'warn']);
  });

  it('says of how many orders a value is, when not of all', () => {
    const sampled = signalsOf({
      ...NOTHING,
      compensations: { done: 3, failed: 0, of: 7, read: 2 },
      seconds: { values: [1], of: 1, read: 1 },
    });
    expect(sampled.map(({ sample }) => sample).filter(Boolean)).toEqual([{ of: 7, read: 2 }]);
  });

  it('does not guess what became of orders that wait, when no worker says it', () => {
    const [, , undoing] = signalsOf({ ...NOTHING, compensations: undefined, waiting: 1 });
    expect(undoing).toMatchObject({ value: null, state: 'none', unknown: 'no worker answers' });
  });
});
