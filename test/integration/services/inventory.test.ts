import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Config } from '../../../src/config/config';
import type { CatalogueItem, InventoryBooks, StockRow } from '../../../src/domain/service-contract';
import { buildInventoryApp } from '../../../src/services/inventory/app';
import type { ServiceUnderTest } from '../../support/services';
import { onEachDatabase, serve, persistently } from '../../support/services';
import { testTelemetry } from '../../support/services-telemetry';

onEachDatabase((database) => {
  let config: Config;
  let inventory: ServiceUnderTest;
  const start = async () => serve(await buildInventoryApp({ config, telemetry: testTelemetry() }));
  beforeAll(async () => {
    config = await database.freshConfig();
    inventory = await start();
  });
  afterAll(() => inventory.stop());

  let orders = 0;
  const newOrder = () => `o-${String((orders += 1))}`;
  const body = (orderId: string, items: { sku: string; quantity: number }[], value: number) => ({
    orderId,
    items,
    expectedAmount: { value, currency: 'EUR' },
  });
  const reserve = (orderId: string, items: { sku: string; quantity: number }[], value: number) =>
    inventory.post('/reservations', body(orderId, items, value), `${orderId}/reserve`);
  const release = (orderId: string) =>
    inventory.post('/releases', { orderId, compensates: `${orderId}/reserve` }, `${orderId}/release`);
  const stockOf = async (sku: string): Promise<StockRow> => {
    const { stock } = (await inventory.get('/books')).body as unknown as InventoryBooks;
    const row = stock.find((candidate) => candidate.sku === sku);
    if (row === undefined) throw new Error(`no stock of ${sku}`);
    return row;
  };

  it('offers at least 10 SKUs in EUR, with the stock that the contract promises', async () => {
    const { items } = (await inventory.get('/catalogue')).body as unknown as { items: CatalogueItem[] };
    expect(items.length).toBeGreaterThanOrEqual(10);
    expect(new Set(items.map((item) => item.price.currency))).toEqual(new Set(['EUR']));
    expect(await stockOf('SKU-KEYBOARD')).toMatchObject({ seeded: 10_000, free: 10_000 });
    expect(await stockOf('SKU-MOUSE')).toMatchObject({ seeded: 10_000, free: 10_000 });
    expect(await stockOf('SKU-RARE')).toMatchObject({ seeded: 100, free: 100 });
    expect(await stockOf('SKU-NONE')).toMatchObject({ seeded: 0, free: 0 });
  });

  it('answers for the SKUs that are asked for', async () => {
    const one = (await inventory.get('/catalogue?sku=SKU-MOUSE')).body;
    expect(one).toEqual({
      items: [{ sku: 'SKU-MOUSE', name: 'Wireless mouse', price: { value: 1999, currency: 'EUR' } }],
    });
    const two = (await inventory.get('/catalogue?sku=SKU-MOUSE&sku=SKU-KEYBOARD&sku=SKU-NOSUCH')).body;
    expect(two['items']).toHaveLength(2);
  });

  it('moves stock from free to sold, and back when it is released', async () => {
    const order = newOrder();
    const before = await stockOf('SKU-DOCK');
    const reserved = await reserve(order, [{ sku: 'SKU-DOCK', quantity: 2 }], 25_800);
    expect(reserved).toMatchObject({ status: 201, body: { amount: { value: 25_800, currency: 'EUR' } } });
    expect(await stockOf('SKU-DOCK')).toEqual({ ...before, free: before.free - 2, sold: before.sold + 2 });
    expect((await release(order)).body).toEqual({ result: 'undone' });
    expect(await stockOf('SKU-DOCK')).toEqual(before);
  });

  it('gives a duplicate the same reservation, once', async () => {
    const order = newOrder();
    const before = await stockOf('SKU-LAMP');
    const first = await reserve(order, [{ sku: 'SKU-LAMP', quantity: 1 }], 3490);
    const second = await reserve(order, [{ sku: 'SKU-LAMP', quantity: 1 }], 3490);
    expect(first.replayed).toBe(false);
    expect(second).toMatchObject({ status: 201, replayed: true, body: first.body });
    expect((await stockOf('SKU-LAMP')).free).toBe(before.free - 1);
  });

  it('takes the order of members in the body for no difference', async () => {
    const order = newOrder();
    const { items, ...rest } = body(order, [{ sku: 'SKU-LAMP', quantity: 1 }], 3490);
    await inventory.post('/reservations', { items, ...rest }, `${order}/reserve`);
    const again = await inventory.post('/reservations', { ...rest, items }, `${order}/reserve`);
    expect(again).toMatchObject({ status: 201, replayed: true });
  });

  it('reserves nothing when one of the items is short, and names every one that is', async () => {
    const before = await stockOf('SKU-MAT');
    const items = [
      { sku: 'SKU-MAT', quantity: 1 },
      { sku: 'SKU-NONE', quantity: 3 },
      { sku: 'SKU-RARE', quantity: 101 },
    ];
    const answer = await reserve(newOrder(), items, 1890 + 3 * 1499 + 101 * 9900);
    expect(answer).toMatchObject({
      status: 409,
      contentType: expect.stringContaining('application/problem+json'),
      body: {
        code: 'out_of_stock',
        detail: 'SKU-NONE: 3 wanted, 0 free; SKU-RARE: 101 wanted, 100 free',
        shortages: [
          { sku: 'SKU-NONE', wanted: 3, free: 0 },
          { sku: 'SKU-RARE', wanted: 101, free: 100 },
        ],
        instance: '/reservations',
      },
    });
    expect(await stockOf('SKU-MAT')).toEqual(before);
  });

  it('names every SKU that is not in the catalogue', async () => {
    const items = ['SKU-MAT', 'NO-1', 'NO-2'].map((sku) => ({ sku, quantity: 1 }));
    const answer = await reserve(newOrder(), items, 1);
    expect(answer).toMatchObject({ status: 422, body: { code: 'unknown_sku', skus: ['NO-1', 'NO-2'] } });
  });

  it('refuses a quote that is off by one, or in another currency', async () => {
    const items = [{ sku: 'SKU-MOUSE', quantity: 2 }];
    const offByOne = await reserve(newOrder(), items, 3999);
    expect(offByOne).toMatchObject({ status: 422, body: { code: 'price_changed' } });
    expect(offByOne.body['detail']).toBe('Quoted 39.99 EUR, now 39.98 EUR');
    const order = newOrder();
    const dollars = { orderId: order, items, expectedAmount: { value: 3998, currency: 'USD' } };
    const answer = await inventory.post('/reservations', dollars, `${order}/reserve`);
    expect(answer.body['code']).toBe('price_changed');
  });

  it('goes on refusing a late duplicate although stock came back meanwhile', async () => {
    const [holder, loser] = [newOrder(), newOrder()];
    await reserve(holder, [{ sku: 'SKU-MONITOR', quantity: 1000 }], 24_900_000);
    const second = newOrder();
    await reserve(second, [{ sku: 'SKU-MONITOR', quantity: 1000 }], 24_900_000);
    const refused = await reserve(loser, [{ sku: 'SKU-MONITOR', quantity: 1 }], 24_900);
    expect(refused.status).toBe(409);
    await release(holder);
    expect(await reserve(loser, [{ sku: 'SKU-MONITOR', quantity: 1 }], 24_900)).toMatchObject({
      status: 409,
      replayed: true,
      body: refused.body,
    });
    expect((await release(loser)).body).toEqual({ result: 'nothing_to_undo' });
    expect((await stockOf('SKU-MONITOR')).free).toBe(1000);
  });

  it('refuses a reservation that arrives after its release', async () => {
    const order = newOrder();
    const before = await stockOf('SKU-STAND');
    expect((await release(order)).body).toEqual({ result: 'nothing_to_undo' });
    const late = await reserve(order, [{ sku: 'SKU-STAND', quantity: 1 }], 4290);
    expect(late).toMatchObject({ status: 409, body: { code: 'already_compensated' } });
    expect(await stockOf('SKU-STAND')).toEqual(before);
  });

  it('refuses a key with another payload, or on another route', async () => {
    const order = newOrder();
    await reserve(order, [{ sku: 'SKU-CABLE', quantity: 1 }], 1290);
    const other = await reserve(order, [{ sku: 'SKU-CABLE', quantity: 2 }], 2580);
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    const route = await inventory.post('/releases', { orderId: order, compensates: 'k' }, `${order}/reserve`);
    expect(route.body['code']).toBe('idempotency_key_reused');
  });

  describe('when it is restarted', () => {
    it('remembers stock, keys and answers, and seeds nothing again', async () => {
      const order = newOrder();
      const first = await reserve(order, [{ sku: 'SKU-WEBCAM', quantity: 5 }], 27_450);
      const before = await stockOf('SKU-WEBCAM');
      await inventory.stop();
      inventory = await start();
      expect(await stockOf('SKU-WEBCAM')).toEqual(before);
      const again = await reserve(order, [{ sku: 'SKU-WEBCAM', quantity: 5 }], 27_450);
      expect(again).toMatchObject({ replayed: true, body: first.body });
    });
  });

  it('gives its whole books in pages, without a gap or an overlap', async () => {
    const all = (await inventory.get('/books?limit=1000')).body as unknown as InventoryBooks;
    const paged: InventoryBooks['reservations'][number][] = [];
    let cursor: string | undefined;
    do {
      const query = `/books?limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}`;
      const page = (await inventory.get(query)).body as unknown as InventoryBooks;
      expect(page.reservations.length).toBeLessThanOrEqual(2);
      expect(page.stock).toEqual(all.stock);
      paged.push(...page.reservations);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(all.nextCursor).toBeUndefined();
    expect(paged.length).toBeGreaterThan(4);
    expect(paged).toEqual(all.reservations);
  });

  it('sells 100 of 100 to 500 who want one at the same time, and 400 go without', async () => {
    const answers = await Promise.all(
      Array.from({ length: 500 }, () => {
        const order = newOrder();
        return persistently(() => reserve(order, [{ sku: 'SKU-RARE', quantity: 1 }], 9900));
      }),
    );
    const count = (status: number) => answers.filter((answer) => answer.status === status).length;
    expect([count(201), count(409)]).toEqual([100, 400]);
    expect(await stockOf('SKU-RARE')).toEqual({
      sku: 'SKU-RARE',
      seeded: 100,
      free: 0,
      reserved: 0,
      sold: 100,
    });
  });

  it('never deadlocks over items that orders name in opposite order', async () => {
    const items = [
      { sku: 'SKU-HEADSET', quantity: 1 },
      { sku: 'SKU-CABLE', quantity: 1 },
    ];
    const answers = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const order = newOrder();
        const wanted = index % 2 === 0 ? items : [...items].reverse();
        const reserved = await reserve(order, wanted, 9240);
        return [reserved.status, (await release(order)).status];
      }),
    );
    expect(new Set(answers.flat())).toEqual(new Set([201, 200]));
  });
});
