import type { Kysely } from 'kysely';
import type { Catalogue } from '../../domain/service-contract';
import type { OrderItem } from '../../domain/order';
import type { Money } from '../../domain/money';
import { ProblemError } from '../../http/problem';
import type { InventoryTables } from './tables';

/** The catalogue, sorted by SKU; with `skus` only those of them that exist. */
export async function readCatalogue(
  db: Kysely<InventoryTables>,
  skus?: readonly string[],
): Promise<Catalogue> {
  let query = db.selectFrom('catalogue').selectAll().orderBy('sku');
  if (skus !== undefined) query = query.where('sku', 'in', [...skus]);
  const rows = await query.execute();
  return {
    items: rows.map(({ sku, name, price, currency }) => ({ sku, name, price: { value: price, currency } })),
  };
}

/**
 * What the items cost by the catalogue.
 *
 * @throws ProblemError `unknown_sku` naming all that are not in it.
 */
export async function priceOf(db: Kysely<InventoryTables>, items: readonly OrderItem[]): Promise<Money> {
  const catalogue = await readCatalogue(
    db,
    items.map((item) => item.sku),
  );
  const prices = new Map(catalogue.items.map((item) => [item.sku, item.price]));
  const unknown = items.filter((item) => !prices.has(item.sku)).map((item) => item.sku);
  if (unknown.length > 0) {
    throw new ProblemError('unknown_sku', `Not in the catalogue: ${unknown.join(', ')}`, { skus: unknown });
  }
  const currencies = new Set([...prices.values()].map((price) => price.currency));
  const [currency, ...others] = currencies;
  if (currency === undefined || others.length > 0) {
    throw new Error('The catalogue has no single currency for these items');
  }
  const value = items.reduce((sum, item) => sum + item.quantity * (prices.get(item.sku)?.value ?? 0), 0);
  return { value, currency };
}
