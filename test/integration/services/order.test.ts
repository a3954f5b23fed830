import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Config } from '../../../src/config/config';
import type { OrderBooks } from '../../../src/domain/service-contract';
import { buildOrderApp } from '../../../src/services/order/app';
import type { ServiceUnderTest } from '../../support/services';
import { onEachDatabase, serve } from '../../support/services';
import { testTelemetry } from '../../support/services-telemetry';

onEachDatabase((database) => {
  let config: Config;
  let service: ServiceUnderTest;
  const start = async () => serve(await buildOrderApp({ config, telemetry: testTelemetry() }));
  beforeAll(async () => {
    config = await database.freshConfig();
    service = await start();
  });
  afterAll(() => service.stop());

  const order = (orderId: string, value = 5998) => ({
    orderId,
    customerId: 'cus_1',
    items: [{ sku: 'SKU-KEYBOARD', quantity: 2 }],
    amount: { value, currency: 'EUR' },
  });
  const create = (orderId: string) => service.post('/orders', order(orderId), `${orderId}/create`);
  const cancel = (orderId: string) =>
    service.post('/cancellations', { orderId, compensates: `${orderId}/create` }, `${orderId}/cancel`);

  it('creates an order and shows it', async () => {
    expect(await create('o-1')).toMatchObject({ status: 201, body: { orderId: 'o-1' }, replayed: false });
    expect((await service.get('/orders/o-1')).body).toEqual({ ...order('o-1'), status: 'created' });
  });

  it('creates an order once, however often it is sent', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => create('o-2')));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([201]));
    expect(answers.filter((answer) => !answer.replayed)).toHaveLength(1);
  });

  it('refuses an order id that another request has taken, also once that one is cancelled', async () => {
    await create('o-3');
    const other = await service.post('/orders', order('o-3', 1), 'another-key');
    expect(other).toMatchObject({ status: 409, body: { code: 'order_conflict' } });
    await cancel('o-3');
    const late = await service.post('/orders', order('o-3', 1), 'yet-another-key');
    expect(late.body['code']).toBe('order_conflict');
    expect((await service.get('/orders/o-3')).body).toEqual({ ...order('o-3'), status: 'cancelled' });
  });

  it('cancels once, and answers a duplicate alike', async () => {
    await create('o-4');
    expect((await cancel('o-4')).body).toEqual({ result: 'undone' });
    expect(await cancel('o-4')).toMatchObject({ body: { result: 'undone' }, replayed: true });
    expect((await create('o-4')).body['code']).toBe('already_compensated');
  });

  it('creates nothing after a cancellation that came first', async () => {
    expect((await cancel('o-5')).body).toEqual({ result: 'nothing_to_undo' });
    expect(await create('o-5')).toMatchObject({ status: 409, body: { code: 'already_compensated' } });
    expect(await service.get('/orders/o-5')).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it('remembers orders and keys over a restart', async () => {
    await create('o-6');
    await service.stop();
    service = await start();
    expect(await create('o-6')).toMatchObject({ status: 201, replayed: true });
    const books = (await service.get('/books')).body as unknown as OrderBooks;
    expect(books.orders).toContainEqual({
      orderId: 'o-6',
      status: 'created',
      amount: { value: 5998, currency: 'EUR' },
    });
    expect(books.orders).toContainEqual(expect.objectContaining({ orderId: 'o-4', status: 'cancelled' }));
  });

  it('gives its books in pages by order id', async () => {
    const first = (await service.get('/books?limit=2')).body as unknown as OrderBooks;
    expect(first.orders.map((entry) => entry.orderId)).toEqual(['o-1', 'o-2']);
    const cursor = first.nextCursor ?? '';
    const second = (await service.get(`/books?limit=2&cursor=${cursor}`)).body as unknown as OrderBooks;
    expect(second.orders.map((entry) => entry.orderId)).toEqual(['o-3', 'o-4']);
  });

  it('gives what has changed in some time in pages by the changes, and knows its cursors', async () => {
    await cancel('o-1');
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = `limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}`;
      const books = (await service.get(`/books?changedWithinMs=3600000&${page}`))
        .body as unknown as OrderBooks;
      found.push(...books.orders.map(({ orderId }) => orderId));
      cursor = books.nextCursor;
    } while (cursor !== undefined);
    expect(found.toSorted()).toEqual(['o-1', 'o-2', 'o-3', 'o-4', 'o-6']);
    expect(found.at(-1)).toBe('o-1');
    const none = (await service.get('/books?unchangedForMs=3600000')).body as unknown as OrderBooks;
    expect(none).toEqual({ orders: [] });
    const { nextCursor } = (await service.get('/books?limit=1')).body as unknown as OrderBooks;
    const other = await service.get(`/books?unchangedForMs=0&cursor=${nextCursor ?? ''}`);
    expect(other).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });
});
