import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AuditReport } from '../../src/orders/audit/report';
import { json, orders } from '../support/cli';
import { sampleOrder } from '../support/orders';
import { TestStack } from '../support/stack';

/** An order that is right but for `changes`, as JSON. */
function orderJson(changes: object): string {
  const { orderId: _id, ...content } = sampleOrder();
  return JSON.stringify({ ...content, ...changes });
}
const item = (quantity: unknown, sku = 'SKU-MOUSE') => ({ items: [{ sku, quantity }] });
const manyItems = Array.from({ length: 101 }, (_, i) => ({ sku: `SKU-${String(i)}`, quantity: 1 }));

let stack: TestStack;
beforeAll(async () => {
  stack = await TestStack.start();
});
afterAll(() => stack.stop());

interface JsonError {
  error: { code: string; message: string; errors: { field: string; message: string }[] };
}

describe('orders start refuses, with 2 and the name of every wrong field,', () => {
  it.each<[string, string, string[]]>([
    ['an unknown SKU', orderJson(item(1, 'SKU-NOPE')), ['items[0].sku']],
    ['quantity 0', orderJson(item(0)), ['items[0].quantity']],
    ['quantity -1', orderJson(item(-1)), ['items[0].quantity']],
    ['quantity 1.5', orderJson(item(1.5)), ['items[0].quantity']],
    ['quantity 10^9', orderJson(item(1e9)), ['items[0].quantity']],
    ['101 items', orderJson({ items: manyItems }), ['items']],
    ['no items', orderJson({ items: [] }), ['items']],
    ['duplicate SKUs', orderJson({ items: [...item(1).items, ...item(2).items] }), ['items[1].sku']],
    ['an empty body', '', ['(body)']],
    ['an empty object', '{}', ['customerId', 'items', 'payment', 'shippingAddress']],
    ['what is not JSON', '{"customerId":', ['(body)']],
    ['a list', '[]', ['(body)']],
    [
      'wrong types',
      orderJson({ customerId: 1, items: 'SKU-MOUSE', payment: null, shippingAddress: [] }),
      ['customerId', 'items', 'payment', 'shippingAddress'],
    ],
    ['an unknown field', orderJson({ price: 1 }), ['price']],
    ['an order id that is a path', orderJson({ orderId: '../x' }), ['orderId']],
    ['an order id of 10 kB', orderJson({ orderId: 'x'.repeat(10_240) }), ['orderId']],
    ['an order id of emoji', orderJson({ orderId: '🚚' }), ['orderId']],
    [
      'another currency',
      orderJson({ expectedAmount: { value: 5998, currency: 'USD' } }),
      ['expectedAmount.currency'],
    ],
    [
      'an expected amount that is off by one',
      orderJson({ expectedAmount: { value: 5997, currency: 'EUR' } }),
      ['expectedAmount.value'],
    ],
    [
      'many faults at once',
      orderJson({ orderId: '../x', ...item(0, 'SKU-NOPE'), price: 1, payment: { method: '' } }),
      ['orderId', 'items[0].quantity', 'payment.method', 'price', 'items[0].sku'],
    ],
  ])('%s', async (_, body, fields) => {
    const result = await orders(['start', '-', '--json'], stack.environment, body);
    expect(result.code).toBe(2);
    const named = json<JsonError>(result).error.errors.map(({ field }) => field);
    expect(
      new Set(named.map((field) => (fields.includes('items') ? field.replace(/\[.*/, '') : field))),
    ).toEqual(new Set(fields));
  });

  it('and names them to people, without a stack', async () => {
    const result = await orders(['start', '--sample', '--item', 'SKU-NOPE=0'], stack.environment);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain('items[0].quantity');
    expect(result.stderr).toContain('SKU-NOPE is not in the catalogue');
    expect(result.stderr).not.toContain('    at ');
  });

  it('and nothing was started, nothing reserved', async () => {
    const listed = await orders(['list', '--json'], stack.environment);
    expect(json(listed)).toEqual({ orders: [] });
    const report = json<AuditReport>(await orders(['audit', '--json'], stack.environment));
    expect(report).toMatchObject({ ok: true, orders: {}, money: { charged: 0 } });
    for (const { free, seeded } of report.stock) expect(free).toBe(seeded);
  });
});
