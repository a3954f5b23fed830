import { readFile } from 'node:fs/promises';
import { toMajorUnits } from '../domain/money';
import { InvalidOrderError } from '../orders/errors';
import type { CliIo } from './output';
import { UsageError } from './failure';
import { SAMPLE_ORDER } from '../domain/sample-order';

/** The flags of `orders start` that say what to order. */
export interface OrderFlags {
  readonly file?: string;
  readonly sample?: true;
  readonly orderId?: string;
  readonly customer?: string;
  readonly item?: readonly string[];
  readonly payment?: string;
  readonly name?: string;
  readonly line1?: string;
  readonly line2?: string;
  readonly city?: string;
  readonly postalCode?: string;
  readonly country?: string;
  readonly transaction?: string;
  readonly expectedAmount?: string;
}

/**
 * The order that flags, file and sample describe together, not yet validated: flags win over the file, and
 * both over the sample. What is there is taken as it is, so that validation can name every fault of it.
 *
 * @throws {@link UsageError} when the file cannot be read, {@link InvalidOrderError} when it is not JSON.
 */
export async function orderInput(flags: OrderFlags, io: Pick<CliIo, 'stdin'>): Promise<unknown> {
  const given = flags.file === undefined ? {} : await readOrderFile(flags.file, io.stdin);
  // Flags cannot be added to what is no object: validation says what it is instead.
  if (!isRecord(given)) return given;
  const base = flags.sample === true ? { ...SAMPLE_ORDER, ...given } : given;
  const overrides = fieldsOf(flags);
  return {
    ...base,
    ...overrides.order,
    ...merged('payment', base, overrides.payment),
    ...merged('shippingAddress', base, overrides.shippingAddress),
  };
}

function fieldsOf(flags: OrderFlags) {
  return {
    order: withoutUndefined({
      orderId: flags.orderId,
      customerId: flags.customer,
      items: flags.item?.map(parseItem),
      transaction: flags.transaction,
      expectedAmount: flags.expectedAmount === undefined ? undefined : parseAmount(flags.expectedAmount),
    }),
    payment: withoutUndefined({ method: flags.payment }),
    shippingAddress: withoutUndefined({
      name: flags.name,
      line1: flags.line1,
      line2: flags.line2,
      city: flags.city,
      postalCode: flags.postalCode,
      country: flags.country,
    }),
  };
}

/** `{ [name]: what the base has there, with the fields of `changes` }`; nothing when there are no changes. */
function merged(name: string, base: Record<string, unknown>, changes: object): object {
  if (Object.keys(changes).length === 0) return {};
  const before = base[name];
  return { [name]: { ...(isRecord(before) ? before : {}), ...changes } };
}

/** `SKU-MOUSE=3`, `SKU-MOUSE:3` or `SKU-MOUSE` for one; what is no number is left for validation to name. */
export function parseItem(text: string): { sku: string; quantity: unknown } {
  const match = /^([^=:]*)[=:](.*)$/s.exec(text);
  if (match === null) return { sku: text, quantity: 1 };
  const [, sku = '', quantity = ''] = match;
  const number = Number(quantity);
  return { sku, quantity: quantity.trim() === '' || Number.isNaN(number) ? quantity : number };
}

/** `59.98 EUR` in minor units, exactly; anything else is left for validation to name. */
export function parseAmount(text: string): unknown {
  const [, whole, fraction = '', currency] = /^(\d{1,12})(?:\.(\d+))? ?([A-Z]{3})$/.exec(text.trim()) ?? [];
  if (whole === undefined || currency === undefined) return text;
  const digits = Math.round(Math.log10(1 / toMajorUnits({ value: 1, currency })));
  return fraction.length <= digits ? { value: Number(whole + fraction.padEnd(digits, '0')), currency } : text;
}

async function readOrderFile(file: string, stdin: CliIo['stdin']): Promise<unknown> {
  const name = file === '-' ? 'stdin' : file;
  let text: string;
  try {
    text = file === '-' ? await readAll(stdin) : await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${name} cannot be read: ${(error as Error).message}`);
  }
  if (text.trim() === '') throw wrongBody(`${name} is empty: it must be an order as JSON`);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw wrongBody(`${name} is not JSON: ${(error as Error).message}`);
  }
}

async function readAll(stream: CliIo['stdin']): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

function wrongBody(message: string): InvalidOrderError {
  return new InvalidOrderError([{ field: '(body)', message }]);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withoutUndefined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
