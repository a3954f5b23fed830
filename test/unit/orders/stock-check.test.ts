import { describe, expect, it } from '@jest/globals';
import type { InventoryReading } from '../../../src/orders/audit/books';
import { checkStock } from '../../../src/orders/audit/stock-check';

const row = (sold: number, free = 10 - sold, reserved = 0) => ({
  sku: 'SKU-A',
  seeded: 10,
  free,
  reserved,
  sold,
});
const reading = (
  rows: { before?: ReturnType<typeof row>; after: ReturnType<typeof row> },
  sold: number,
): InventoryReading => ({
  before: [rows.before ?? rows.after],
  after: [rows.after],
  reservations: [
    { orderId: 'o-1', state: 'sold', items: [{ sku: 'SKU-A', quantity: sold }] },
    { orderId: 'o-2', state: 'released', items: [{ sku: 'SKU-A', quantity: 99 }] },
  ],
});

/** Gives out one reading after the other; the last one for ever. */
function readings(...list: InventoryReading[]): () => Promise<InventoryReading> {
  let n = 0;
  return () => Promise.resolve(list[Math.min(n++, list.length - 1)]!);
}

describe('the check of the stock', () => {
  it('is content with stock that adds up and is sold as reserved', async () => {
    const good = reading({ after: row(3) }, 3);
    await expect(checkStock(good, readings(good))).resolves.toEqual({
      stock: [row(3)],
      violations: [],
      unchecked: [],
    });
  });

  it('finds units that were lost', async () => {
    const lost = reading({ after: row(3, 6) }, 3);
    const { violations } = await checkStock(lost, readings(lost));
    expect(violations).toEqual([
      { rule: 'stock_conserved', detail: 'SKU-A: free 6, reserved 0, sold 3 is not the 10 seeded' },
    ]);
  });

  it('finds stock of less than nothing', async () => {
    const oversold = reading({ after: row(11, -1) }, 11);
    const { violations } = await checkStock(oversold, readings(oversold));
    expect(violations).toEqual([
      { rule: 'stock_conserved', detail: 'SKU-A: less than nothing (free -1, reserved 0, sold 11)' },
    ]);
  });

  it('finds units that were sold without a reservation', async () => {
    const wrong = reading({ after: row(3) }, 2);
    const { violations } = await checkStock(wrong, readings(wrong));
    expect(violations).toEqual([
      { rule: 'stock_conserved', detail: 'SKU-A: 3 sold, but reservations stand for 2' },
    ]);
  });

  it('finds reservations of a SKU that has no stock', async () => {
    const wrong: InventoryReading = { ...reading({ after: row(0) }, 1), before: [], after: [] };
    const { violations } = await checkStock(wrong, readings(wrong));
    expect(violations).toEqual([
      { rule: 'stock_conserved', detail: 'SKU-A: 0 sold, but reservations stand for 1' },
    ]);
  });

  it('is content with stock that is reserved as held, and finds what is reserved without a hold', async () => {
    const held = (quantity: number): InventoryReading => ({
      before: [row(3, 5, 2)],
      after: [row(3, 5, 2)],
      reservations: [
        ...reading({ after: row(3) }, 3).reservations,
        { orderId: 'o-3', state: 'held', items: [{ sku: 'SKU-A', quantity }] },
      ],
    });
    await expect(checkStock(held(2), readings(held(2)))).resolves.toMatchObject({
      violations: [],
      unchecked: [],
    });
    await expect(checkStock(held(1), readings(held(1)))).resolves.toMatchObject({
      violations: [{ rule: 'stock_conserved', detail: 'SKU-A: 2 reserved, but holds stand for 1' }],
    });
  });

  it('names a SKU once that it could not check in two ways', async () => {
    const moving = [1, 2, 3, 4, 5, 6].map((n) => reading({ after: row(n, 10 - 2 * n, n) }, n - 1));
    await expect(checkStock(moving[0]!, readings(...moving.slice(1)))).resolves.toMatchObject({
      violations: [],
      unchecked: ['SKU-A'],
    });
  });

  it('does not take a sale between two pages for a violation', async () => {
    const during = reading({ before: row(2), after: row(3) }, 2);
    const after = reading({ after: row(3) }, 3);
    await expect(checkStock(during, readings(after))).resolves.toMatchObject({
      violations: [],
      unchecked: [],
    });
  });

  it('says what it could not check because sales never paused', async () => {
    const moving = [1, 2, 3, 4, 5, 6].map((sold) =>
      reading({ before: row(sold - 1), after: row(sold) }, sold - 1),
    );
    await expect(checkStock(moving[0]!, readings(...moving.slice(1)))).resolves.toMatchObject({
      violations: [],
      unchecked: ['SKU-A'],
    });
  });
});
