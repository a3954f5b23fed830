import { describe, expect, it } from '@jest/globals';
import { allCells, FAULTS, sliceOf } from './cells';

describe('the cells of the crash matrix', () => {
  const cells = allCells();

  it('are every step and compensation of both kinds, at every moment, with every fault', () => {
    expect(cells).toHaveLength((8 + 12) * 3 * FAULTS.length);
    expect(new Set(cells.map(({ id }) => id)).size).toBe(cells.length);
    expect(cells.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        'saga/refund_payment/effect/worker-SIGKILL',
        'tcc/reverse_inventory/reply/service-SIGSTOP',
      ]),
    );
  });

  it('are all in some slice of consecutive seeds, each with one of every fault and moment', () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const slice = sliceOf(cells, seed);
      expect(new Set(slice.map(({ fault, moment }) => `${fault} ${moment}`)).size).toBe(3 * FAULTS.length);
      for (const { id } of slice) seen.add(id);
    }
    expect(seen.size).toBe(cells.length);
  });
});
