import type { StockRow } from '../../domain/service-contract';
import type { InventoryReading } from './books';
import type { Violation } from './report';

export interface StockFindings {
  readonly stock: readonly StockRow[];
  readonly violations: readonly Violation[];
  /** SKUs that kept moving, so that their reservations cannot be compared with what is sold. */
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
  let mismatches = soldMismatches(reading);
  let confirmed = new Map<string, string>();
  for (let n = 1; n < MAX_READINGS && confirmed.size < mismatches.size; n++) {
    const earlier = mismatches;
    reading = await readAgain();
    mismatches = soldMismatches(reading);
    confirmed = new Map([...mismatches].filter(([sku, detail]) => earlier.get(sku) === detail));
  }
  const details = [...reading.after.flatMap(rowFaults), ...confirmed.values()];
  return {
    stock: reading.after,
    violations: details.map((detail) => ({ rule: 'stock_conserved', detail })),
    unchecked: [...mismatches.keys()].filter((sku) => !confirmed.has(sku)),
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

/** SKUs whose reservations stand for another quantity than is sold, each with its description. */
function soldMismatches({ before, after, reservations }: InventoryReading): Map<string, string> {
  const inBooks = new Map<string, number>();
  for (const { state, items } of reservations) {
    if (state !== 'sold') continue;
    for (const { sku, quantity } of items) inBooks.set(sku, (inBooks.get(sku) ?? 0) + quantity);
  }
  const soldBefore = new Map(before.map(({ sku, sold }) => [sku, sold]));
  const soldAfter = new Map(after.map(({ sku, sold }) => [sku, sold]));
  const mismatches = new Map<string, string>();
  for (const sku of new Set([...soldAfter.keys(), ...inBooks.keys()])) {
    const sold = soldAfter.get(sku) ?? 0;
    const standing = inBooks.get(sku) ?? 0;
    if (sold === standing) continue;
    const from = soldBefore.get(sku) ?? 0;
    const range = from === sold ? String(sold) : `${String(from)} to ${String(sold)}`;
    mismatches.set(sku, `${sku}: ${range} sold, but reservations stand for ${String(standing)}`);
  }
  return mismatches;
}
