import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UsageError } from '../../../src/cli/failure';
import { orderInput, parseAmount, parseItem } from '../../../src/cli/order-input';
import { SAMPLE_ORDER } from '../../../src/domain/sample-order';
import { orderRequestSchema } from '../../../src/domain/order-schema';
import { InvalidOrderError } from '../../../src/orders/errors';

const stdin = (text: string) => ({ stdin: Readable.from([Buffer.from(text)]) });

describe('items', () => {
  it.each<[string, object]>([
    ['SKU-A=2', { sku: 'SKU-A', quantity: 2 }],
    ['SKU-A:2', { sku: 'SKU-A', quantity: 2 }],
    ['SKU-A', { sku: 'SKU-A', quantity: 1 }],
    ['SKU-A=1e9', { sku: 'SKU-A', quantity: 1e9 }],
    ['SKU-A=-1', { sku: 'SKU-A', quantity: -1 }],
    ['SKU-A=1.5', { sku: 'SKU-A', quantity: 1.5 }],
    ['SKU-A=', { sku: 'SKU-A', quantity: '' }],
    ['SKU-A=two', { sku: 'SKU-A', quantity: 'two' }],
    ['=2', { sku: '', quantity: 2 }],
  ])('%s', (text, item) => {
    expect(parseItem(text)).toEqual(item);
  });
});

describe('amounts', () => {
  it.each<[string, unknown]>([
    ['59.98 EUR', { value: 5998, currency: 'EUR' }],
    ['59.9 EUR', { value: 5990, currency: 'EUR' }],
    ['59EUR', { value: 5900, currency: 'EUR' }],
    ['0.29 EUR', { value: 29, currency: 'EUR' }],
    ['500 JPY', { value: 500, currency: 'JPY' }],
    ['1.234 KWD', { value: 1234, currency: 'KWD' }],
    ['59.985 EUR', '59.985 EUR'],
    ['5.0 JPY', '5.0 JPY'],
    ['-1 EUR', '-1 EUR'],
    ['59.98', '59.98'],
    ['', ''],
  ])('%s', (text, amount) => {
    expect(parseAmount(text)).toEqual(amount);
  });
});

describe('the order that flags, file and sample describe', () => {
  let directory: string;
  let file: string;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), 'durable-orders-input-'));
    file = path.join(directory, 'order.json');
    await writeFile(file, JSON.stringify({ customerId: 'cus_file', payment: { method: 'pm_file' } }));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('is made of flags alone', async () => {
    const input = await orderInput(
      {
        orderId: 'o-1',
        customer: 'cus_9',
        item: ['SKU-A=2', 'SKU-B=1'],
        payment: 'pm_x',
        name: 'N',
        line1: 'L1',
        line2: 'L2',
        city: 'C',
        postalCode: '1',
        country: 'DE',
        transaction: 'saga',
        expectedAmount: '1.00 EUR',
      },
      stdin(''),
    );
    expect(input).toEqual({
      orderId: 'o-1',
      customerId: 'cus_9',
      items: [
        { sku: 'SKU-A', quantity: 2 },
        { sku: 'SKU-B', quantity: 1 },
      ],
      payment: { method: 'pm_x' },
      shippingAddress: { name: 'N', line1: 'L1', line2: 'L2', city: 'C', postalCode: '1', country: 'DE' },
      transaction: 'saga',
      expectedAmount: { value: 100, currency: 'EUR' },
    });
  });

  it('is empty without any, so that every missing field is named', async () => {
    await expect(orderInput({}, stdin(''))).resolves.toEqual({});
  });

  it('takes what is not given from the sample, which is a valid order', async () => {
    expect(orderRequestSchema.safeParse(SAMPLE_ORDER).success).toBe(true);
    await expect(orderInput({ sample: true, country: 'AQ' }, stdin(''))).resolves.toEqual({
      ...SAMPLE_ORDER,
      shippingAddress: { ...SAMPLE_ORDER.shippingAddress, country: 'AQ' },
    });
  });

  it('prefers flags to the file, and the file to the sample', async () => {
    const input = await orderInput({ file, sample: true, customer: 'cus_flag' }, stdin(''));
    expect(input).toMatchObject({
      customerId: 'cus_flag',
      payment: { method: 'pm_file' },
      items: SAMPLE_ORDER.items,
    });
  });

  it('comes from stdin', async () => {
    await expect(orderInput({ file: '-' }, stdin('{"a":1}'))).resolves.toEqual({ a: 1 });
  });

  it('is whatever the file says, when that is no object', async () => {
    await expect(orderInput({ file: '-', customer: 'cus_1' }, stdin('[1]'))).resolves.toEqual([1]);
  });

  it.each([
    ['', /empty/],
    ['{', /not JSON/],
  ])('is refused when stdin has %j', async (text, message) => {
    const reading = orderInput({ file: '-' }, stdin(text));
    await expect(reading).rejects.toThrow(InvalidOrderError);
    await expect(reading).rejects.toThrow(message);
  });

  it('is wrong usage when the file is not there', async () => {
    await expect(orderInput({ file: path.join(directory, 'none') }, stdin(''))).rejects.toThrow(UsageError);
  });
});
