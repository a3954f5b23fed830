import { z } from 'zod';
import { formatMoney } from '../domain/money';
import type { Money } from '../domain/money';
import type { Order, OrderItem } from '../domain/order';
import {
  fieldErrors,
  moneySchema,
  orderItemSchema,
  orderItemsSchema,
  orderRequestSchema,
} from '../domain/order-schema';
import type { FieldError } from '../domain/order-schema';
import type { CatalogueItem } from '../domain/service-contract';
import { InvalidOrderError, ServiceUnreachableError } from './errors';
import { newOrderId } from './order-id';
import { readService } from './service-reader';
import type { ServiceSource } from './service-reader';

/** A valid order and what it costs by the catalogue. */
export interface Quote {
  readonly order: Order;
  readonly amount: Money;
}

/** A well-formed order, not yet priced. */
export interface ParsedOrder {
  readonly order: Order;
  readonly expectedAmount: Money | undefined;
}

const catalogueSchema = z.object({
  items: z.array(z.object({ sku: z.string(), name: z.string(), price: moneySchema })),
});

/**
 * The order that `input` describes, with an id of its own when it has none.
 *
 * @throws {@link InvalidOrderError} naming every wrong field at once, those that only the catalogue knows
 * (unknown SKUs) included, as far as the inventory service can be asked.
 */
export async function parseOrder(input: unknown, inventory: ServiceSource): Promise<ParsedOrder> {
  const parsed = orderRequestSchema.safeParse(input);
  if (parsed.success) {
    const { orderId = newOrderId(), expectedAmount, ...content } = parsed.data;
    return { order: { orderId, ...content }, expectedAmount };
  }
  const errors = fieldErrors(parsed.error);
  const named = new Set(errors.map(({ field }) => field));
  const more = (await skuFaults(input, inventory)).filter(({ field }) => !named.has(field));
  throw new InvalidOrderError([...errors, ...more]);
}

/**
 * What the order costs now.
 *
 * @throws {@link InvalidOrderError} for unknown SKUs and for an `expectedAmount` that differs.
 * @throws {@link ServiceUnreachableError} when the inventory service does not answer.
 */
export async function quoteOrder(
  { order, expectedAmount }: ParsedOrder,
  inventory: ServiceSource,
): Promise<Quote> {
  const catalogue = await readCatalogue(inventory);
  const unknown = unknownSkus([...order.items.entries()], catalogue);
  if (unknown.length > 0) throw new InvalidOrderError(unknown);
  const amount = amountOf(order.items, catalogue);
  const differences = expectedAmount === undefined ? [] : amountDifferences(expectedAmount, amount);
  if (differences.length > 0) throw new InvalidOrderError(differences, 'price_changed');
  return { order, amount };
}

/**
 * What is wrong with SKUs that can be read, whatever else is wrong with the order: the schema looks for
 * duplicates only where all items are well-formed, and only the catalogue knows which SKUs there are.
 */
async function skuFaults(input: unknown, inventory: ServiceSource): Promise<FieldError[]> {
  const { items } = (typeof input === 'object' && input !== null ? input : {}) as { items?: unknown };
  if (!Array.isArray(items)) return [];
  const readable = [...items.entries()].flatMap(([index, item]) => {
    const sku = skuSchema.safeParse(item);
    return sku.success ? ([[index, sku.data]] as const) : [];
  });
  if (readable.length === 0) return [];
  const repeated = repeatedSkus(items.length, readable);
  try {
    return [...repeated, ...unknownSkus(readable, await readCatalogue(inventory))];
  } catch (error) {
    // The order is refused anyway; that the catalogue is away must not hide why.
    if (error instanceof ServiceUnreachableError) return repeated;
    throw error;
  }
}

type ReadableSku = readonly [index: number, item: { readonly sku: string }];

/** The schema's own judgement, of a list in which nothing but repetition can be wrong. */
function repeatedSkus(length: number, readable: readonly ReadableSku[]): FieldError[] {
  const skus = new Map(readable.map(([index, { sku }]) => [index, sku]));
  const list = Array.from({ length }, (_, index) => ({
    sku: skus.get(index) ?? `unreadable-${String(index)}`,
    quantity: 1,
  }));
  const { error } = orderItemsSchema.safeParse(list);
  if (error === undefined) return [];
  return fieldErrors(error)
    .filter(({ field }) => field.startsWith('['))
    .map(({ field, message }) => ({ field: `items${field}`, message }));
}

const skuSchema = z.object({ sku: orderItemSchema.shape.sku });

type Catalogue = ReadonlyMap<string, CatalogueItem>;

async function readCatalogue(inventory: ServiceSource): Promise<Catalogue> {
  const { items } = await readService(inventory, '/catalogue', {}, catalogueSchema);
  return new Map(items.map((item) => [item.sku, item]));
}

function unknownSkus(items: readonly ReadableSku[], catalogue: Catalogue): FieldError[] {
  return items
    .filter(([, { sku }]) => !catalogue.has(sku))
    .map(([index, { sku }]) => ({
      field: `items[${String(index)}].sku`,
      message: `${sku} is not in the catalogue`,
    }));
}

function amountOf(items: readonly OrderItem[], catalogue: Catalogue): Money {
  const totals = new Map<string, number>();
  for (const { sku, quantity } of items) {
    const price = catalogue.get(sku)?.price;
    if (price === undefined) throw new Error(`no price for ${sku}`);
    totals.set(price.currency, (totals.get(price.currency) ?? 0) + price.value * quantity);
  }
  const [total, ...others] = totals;
  if (total === undefined || others.length > 0) {
    const message = `prices in ${[...totals.keys()].join(' and ')} cannot go into one order`;
    throw new InvalidOrderError([{ field: 'items', message }]);
  }
  return { value: total[1], currency: total[0] };
}

function amountDifferences(expected: Money, amount: Money): FieldError[] {
  const errors: FieldError[] = [];
  if (expected.value !== amount.value) {
    errors.push({
      field: 'expectedAmount.value',
      message: `is ${String(expected.value)}, but the order costs ${String(amount.value)} (${formatMoney(amount)})`,
    });
  }
  if (expected.currency !== amount.currency) {
    errors.push({
      field: 'expectedAmount.currency',
      message: `is ${expected.currency}, but the catalogue's prices are in ${amount.currency}`,
    });
  }
  return errors;
}
