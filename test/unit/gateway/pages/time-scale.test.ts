import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { timeScale } from '../../../../src/gateway/pages/time-scale';

const DAYS = 3 * 86_400_000;

describe('the scale of the waterfall', () => {
  it('is proportional where there is no long pause', () => {
    const { at, cuts } = timeScale([{ from: 0, to: 80 }], 100);
    expect(cuts).toEqual([]);
    expect([0, 25, 100].map(at)).toEqual([0, 0.25, 1]);
  });

  it('shows the half second of work of an order that waited for three days', () => {
    const { at, cuts } = timeScale([{ from: 0, to: 500 }], DAYS);
    expect(cuts).toEqual([{ from: 500, to: DAYS, left: expect.closeTo(0.9), right: expect.closeTo(1) }]);
    expect(at(250)).toBeCloseTo(0.45);
    expect(at(DAYS)).toBeCloseTo(1);
  });

  it('shows what came after a pause beside what came before', () => {
    const work = [
      { from: 0, to: 400 },
      { from: DAYS, to: DAYS + 400 },
    ];
    const { at, cuts } = timeScale(work, DAYS + 400);
    expect(cuts).toHaveLength(1);
    expect(at(400) - at(0)).toBeCloseTo(at(DAYS + 400) - at(DAYS));
  });

  it('never goes back, and never leaves the picture', () => {
    const interval = fc
      .tuple(fc.double({ min: 0, max: 1e9, noNaN: true }), fc.double({ min: 0, max: 1e6, noNaN: true }))
      .map(([from, length]) => ({ from, to: from + length }));
    fc.assert(
      fc.property(fc.array(interval, { minLength: 1, maxLength: 8 }), (work) => {
        const end = Math.max(...work.map(({ to }) => to));
        const { at, ticks } = timeScale(work, end);
        const places = work
          .flatMap(({ from, to }) => [from, to])
          .sort((a, b) => a - b)
          .map(at);
        for (const [index, place] of places.entries()) {
          expect(place).toBeGreaterThanOrEqual(Math.max(-1e-9, (places[index - 1] ?? 0) - 1e-9));
          expect(place).toBeLessThanOrEqual(1 + 1e-9);
        }
        expect(ticks.length).toBeLessThanOrEqual(7);
      }),
    );
  });
});
