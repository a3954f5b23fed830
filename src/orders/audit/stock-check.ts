import type { StockRow } from '../../domain/service-contract';
import type { InventoryReading } from './books';
import type { Violation } from './report';

export interface StockFindings {
  readonly stock: readonly StockRow[];
  readonly violations: readonly Violation[];
  /** SKUs that kept moving, so that their reservations cannot be compared with what is sold or reserved. */
  readonly unchecked: readonly string[];
}

const MAX_READINGS = 5;

/**
 * Whether every SKU's stock is conserved, without ever taking a sale that happens meanwhile for a violation.
 *
 * A reading takes several requests, so that sales and reservations may have been read at different times. A
 * mismatch that is real is the same in the next reading; one that keeps changing is not judged.
 */
export async function checkStock(
  first: InventoryReading,
  readAgain: () => Promise<InventoryReading>,
): Promise<StockFindings> {
  let reading = first;
  let mismatches = mismatchesOf(reading);
  let confirmed: Mismatches = new Map();
  for (let n = 1; n < MAX_READINGS && confirmed.size < mismatches.size; n++) {
    const earlier = mismatches;
    reading = await readAgain();
    mismatches = mismatchesOf(reading);
    confirmed = new Map([...mismatches].filter(([what, { detail }]) => earlier.get(what)?.detail === detail));
  }
  const confirmedDetails = [...confirmed.values()].map(({ detail }) => detail);
  const details = [...reading.after.flatMap(rowFaults), ...confirmedDetails];
  return {
    stock: reading.after,
    violations: details.map((detail) => ({ rule: 'stock_conserved', detail })),
    unchecked: [
      ...new Set([...mismatches].filter(([what]) => !confirmed.has(what)).map(([, { sku }]) => sku)),
    ],
  };
}

/** What is wrong with a row in itself; a row is read at once, so that no sale can disturb this. */
function rowFaults({ sku, seeded, free, reserved, sold }: StockRow): string[] {
  const counts = `free ${String(free)}, reserved ${String(reserved)}, sold ${String(sold)}`;
  const faults: string[] = [];
  if (free + reserved + sold !== seeded) faults.push(`${sku}: ${counts} is not the ${String(seeded)} seeded`);
  if (Math.min(free, reserved, sold) < 0) faults.push(`${sku}: less than nothing (${counts})`);
  return faults;
}

type Mismatches = ReadonlyMap<string, { readonly sku: string; readonly detail: string }>;

/** What is counted as sold, or as reserved, and what stands for it. */
const COUNTED = [
  { column: 'sold', state: 'sold', standing: 'reservations stand' },
  { column: 'reserved', state: 'held', standing: 'holds stand' },
] as const;

/** SKUs of which another quantity is sold, or reserved, than reservations, or holds, stand for; with descriptions. */
function mismatchesOf({ before, after, reservations }: InventoryReading): Mismatches {
  const mismatches = new Map<string, { sku: string; detail: string }>();
  for (const { column, state, standing } of COUNTED) {
    const inBooks = new Map<string, number>();
    for (const { items } of reservations.filter((row) => row.state === state)) {
      for (const { sku, quantity } of items) inBooks.set(sku, (inBooks.get(sku) ?? 0) + quantity);
    }
    const countBefore = new Map(before.map((row) => [row.sku, row[column]]));
    const countAfter = new Map(after.map((row) => [row.sku, row[column]]));
    for (const sku of new Set([...countAfter.keys(), ...inBooks.keys()])) {
      const counted = countAfter.get(sku) ?? 0;
      const stands = inBooks.get(sku) ?? 0;
      if (counted === stands) continue;
      const from = countBefore.get(sku) ?? 0;
      const range = from === counted ? String(counted) : `${String(from)} to ${String(counted)}`;
      const detail = `${sku}: ${range} ${column}, but ${standing} for ${String(stands)}`;
      mismatches.set(`${sku} ${column}`, { sku, detail });
    }
  }
  return mismatches;
}
