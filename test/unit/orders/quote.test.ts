import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { noTracer } from '../../../src/cli/session';
import { ORDER_ID_PATTERN } from '../../../src/domain/ids';
import { InvalidOrderError, ServiceUnreachableError } from '../../../src/orders/errors';
import { parseOrder, quoteOrder } from '../../../src/orders/quote';
import type { ServiceSource } from '../../../src/orders/service-reader';
import { sampleOrder } from '../../support/orders';

const CATALOGUE = {
  items: [
    { sku: 'SKU-KEYBOARD', name: 'Keyboard', price: { value: 2999, currency: 'EUR' } },
    { sku: 'SKU-MOUSE', name: 'Mouse', price: { value: 1999, currency: 'EUR' } },
    { sku: 'SKU-US', name: 'Import', price: { value: 100, currency: 'USD' } },
  ],
};

let server: Server;
let inventory: ServiceSource;
let answer: { status: number; body: string };

beforeAll(async () => {
  server = createServer((_, response) => response.writeHead(answer.status).end(answer.body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  inventory = { name: 'inventory', url: `http://127.0.0.1:${String(port)}`, tracer: noTracer() };
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  answer = { status: 200, body: JSON.stringify(CATALOGUE) };
});

const { orderId: _id, ...valid } = sampleOrder();

/** The fields that are named as wrong. */
async function faultsOf(input: unknown): Promise<string[]> {
  try {
    await quoteOrder(await parseOrder(input, inventory), inventory);
    return [];
  } catch (error) {
    if (error instanceof InvalidOrderError) return error.errors.map(({ field }) => field);
    throw error;
  }
}

describe('an order from outside', () => {
  it('costs what the catalogue says', async () => {
    const items = [
      { sku: 'SKU-KEYBOARD', quantity: 2 },
      { sku: 'SKU-MOUSE', quantity: 1 },
    ];
    const quote = await quoteOrder(await parseOrder({ ...valid, items }, inventory), inventory);
    expect(quote.amount).toEqual({ value: 7997, currency: 'EUR' });
  });

  it('gets an id when it has none, and keeps the one it has', async () => {
    const { order: anonymous } = await parseOrder(valid, inventory);
    expect(anonymous.orderId).toMatch(ORDER_ID_PATTERN);
    const { order: named } = await parseOrder({ ...valid, orderId: 'o-1' }, inventory);
    expect(named.orderId).toBe('o-1');
  });

  it('is a saga unless it says otherwise', async () => {
    const { transaction: _transaction, ...rest } = valid;
    expect((await parseOrder(rest, inventory)).order.transaction).toBe('saga');
    expect((await parseOrder({ ...rest, transaction: 'tcc' }, inventory)).order.transaction).toBe('tcc');
  });

  it.each<[string, unknown, string[]]>([
    ['an unknown SKU', { ...valid, items: [{ sku: 'SKU-X', quantity: 1 }] }, ['items[0].sku']],
    ['quantity 0', { ...valid, items: [{ sku: 'SKU-MOUSE', quantity: 0 }] }, ['items[0].quantity']],
    ['a price field', { ...valid, amount: { value: 1, currency: 'EUR' } }, ['amount']],
    ['no object', 'order', ['(body)']],
    ['nothing', null, ['(body)']],
    ['an empty object', {}, ['customerId', 'items', 'payment', 'shippingAddress']],
    ['another kind of transaction', { ...valid, transaction: 'xa' }, ['transaction']],
    [
      'another price',
      { ...valid, expectedAmount: { value: 5997, currency: 'EUR' } },
      ['expectedAmount.value'],
    ],
    [
      'another currency',
      { ...valid, expectedAmount: { value: 5998, currency: 'USD' } },
      ['expectedAmount.currency'],
    ],
    [
      'two currencies',
      {
        ...valid,
        items: [
          { sku: 'SKU-MOUSE', quantity: 1 },
          { sku: 'SKU-US', quantity: 1 },
        ],
      },
      ['items'],
    ],
    [
      'faults of every kind at once',
      {
        ...valid,
        orderId: '../x',
        items: [{ sku: 'SKU-X', quantity: 1.5 }, { sku: 'SKU-X', quantity: 1 }, 7],
      },
      ['orderId', 'items[0].quantity', 'items[2]', 'items[1].sku', 'items[0].sku', 'items[1].sku'],
    ],
  ])('is refused for %s, by name', async (_, input, fields) => {
    expect(await faultsOf(input)).toEqual(fields);
  });

  it('is accepted with the expected amount', async () => {
    expect(await faultsOf({ ...valid, expectedAmount: { value: 5998, currency: 'EUR' } })).toEqual([]);
  });

  it('says that the price has changed when nothing else is wrong', async () => {
    const parsed = await parseOrder({ ...valid, expectedAmount: { value: 1, currency: 'EUR' } }, inventory);
    await expect(quoteOrder(parsed, inventory)).rejects.toMatchObject({ code: 'price_changed' });
  });
});

describe('without a catalogue', () => {
  it('an invalid order is still refused for what can be seen', async () => {
    answer = { status: 503, body: '{}' };
    expect(await faultsOf({ ...valid, items: [{ sku: 'SKU-X', quantity: 0 }] })).toEqual([
      'items[0].quantity',
    ]);
  });

  it.each([
    ['an error', { status: 500, body: '{}' }, /answered 500/],
    ['something that is not JSON', { status: 200, body: '<html>' }, /not JSON/],
    ['what another program says', { status: 200, body: '{"orders":[]}' }, /did not answer as the inventory/],
  ])('a valid order cannot be priced: %s', async (_, wrong, message) => {
    answer = wrong;
    const quoting = quoteOrder(await parseOrder(valid, inventory), inventory);
    await expect(quoting).rejects.toThrow(ServiceUnreachableError);
    await expect(quoting).rejects.toThrow(message);
  });
});
