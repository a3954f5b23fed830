import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pauseAfter } from '../../../src/saga/jitter';

describe('the pause after a failed attempt', () => {
  it('is between half of what the policy says and all of it, however many there were', () => {
    const policies = fc.record({
      initialInterval: fc.integer({ min: 1, max: 10_000 }),
      maximumInterval: fc.integer({ min: 10_000, max: 600_000 }),
      backoffCoefficient: fc.double({ min: 1, max: 4, noNaN: true }),
    });
    const attempts = fc.integer({ min: 1, max: 2_000 });
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(policies, attempts, random, (policy, attempt, value) => {
        const whole = Math.min(
          policy.initialInterval * policy.backoffCoefficient ** (attempt - 1),
          policy.maximumInterval,
        );
        const pause = pauseAfter(attempt, policy, () => value)!;
        expect(pause).toBeGreaterThanOrEqual(whole / 2);
        expect(pause).toBeLessThanOrEqual(Math.ceil(whole));
      }),
    );
  });

  it('is another one each time', () => {
    const policy = { initialInterval: 10_000, maximumInterval: 10_000, backoffCoefficient: 1 };
    expect(new Set(Array.from({ length: 50 }, () => pauseAfter(1, policy))).size).toBeGreaterThan(10);
  });

  it('is left to Temporal where the policy does not say', () => {
    expect(pauseAfter(1, undefined)).toBeUndefined();
    expect(pauseAfter(1, { initialInterval: 10 })).toBeUndefined();
  });
});
