import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Config } from '../../../src/config/config';
import type { InventoryBooks, StockRow } from '../../../src/domain/service-contract';
import { openDatabase } from '../../../src/database/open-database';
import { buildInventoryApp } from '../../../src/services/inventory/app';
import type { InventoryTables } from '../../../src/services/inventory/tables';
import { inventoryMigrations } from '../../../src/services/inventory/tables';
import type { ServiceUnderTest } from '../../support/services';
import { onEachDatabase, serve, persistently } from '../../support/services';
import { testTelemetry } from '../../support/services-telemetry';

interface Item {
  readonly sku: string;
  readonly quantity: number;
}

onEachDatabase((database) => {
  let config: Config;
  let inventory: ServiceUnderTest;
  beforeAll(async () => {
    config = await database.freshConfig();
    inventory = await serve(await buildInventoryApp({ config, telemetry: testTelemetry() }));
  });
  afterAll(() => inventory.stop());

  let orders = 0;
  const newOrder = () => `o-${String((orders += 1))}`;
  const take = (route: string, orderId: string, items: readonly Item[], value: number) =>
    inventory.post(route, { orderId, items, expectedAmount: { value, currency: 'EUR' } }, `${orderId}/try`);
  const confirm = (orderId: string) =>
    inventory.post('/confirmations', { orderId, confirms: `${orderId}/try` }, `${orderId}/confirm`);
  const undo = (route: string, orderId: string) =>
    inventory.post(route, { orderId, compensates: `${orderId}/try` }, `${orderId}${route}`);
  const stockOf = async (sku: string): Promise<StockRow> => {
    const { stock } = (await inventory.get('/books')).body as unknown as InventoryBooks;
    return stock.find((row) => row.sku === sku)!;
  };
  const reservationOf = async (orderId: string) => {
    const { reservations } = (await inventory.get('/books?limit=1000')).body as unknown as InventoryBooks;
    return reservations.find((row) => row.orderId === orderId);
  };

  it('moves stock from free to reserved, to sold, and back', async () => {
    const order = newOrder();
    const before = await stockOf('SKU-DOCK');
    const { free, sold } = before;
    const items = [{ sku: 'SKU-DOCK', quantity: 2 }];
    const held = await take('/holds', order, items, 25_800);
    expect(held).toMatchObject({
      status: 201,
      body: {
        holdId: expect.stringMatching(/^hold_/),
        amount: { value: 25_800, currency: 'EUR' },
        expiresAt: expect.stringMatching(/Z$/),
      },
    });
    expect(await stockOf('SKU-DOCK')).toEqual({ ...before, free: free - 2, reserved: 2 });
    const { expiresAt } = held.body;
    expect(await reservationOf(order)).toEqual({
      orderId: order,
      key: expect.any(String),
      state: 'held',
      items,
      expiresAt,
      expired: false,
      overdue: false,
    });

    expect((await confirm(order)).body).toEqual({ result: 'confirmed' });
    expect(await stockOf('SKU-DOCK')).toEqual({ ...before, free: free - 2, sold: sold + 2 });
    expect(await reservationOf(order)).toEqual({
      orderId: order,
      key: expect.any(String),
      state: 'sold',
      items,
    });

    expect((await undo('/reversals', order)).body).toEqual({ result: 'undone' });
    expect(await stockOf('SKU-DOCK')).toEqual(before);
    expect(await reservationOf(order)).toMatchObject({ orderId: order, state: 'released', items });
  });

  it('puts what is cancelled back where it was', async () => {
    const order = newOrder();
    const before = await stockOf('SKU-LAMP');
    await take('/holds', order, [{ sku: 'SKU-LAMP', quantity: 3 }], 10_470);
    expect((await undo('/cancellations', order)).body).toEqual({ result: 'undone' });
    expect(await stockOf('SKU-LAMP')).toEqual(before);
  });

  it('holds nothing when one of the items is short', async () => {
    const before = await stockOf('SKU-MAT');
    const items = [
      { sku: 'SKU-MAT', quantity: 1 },
      { sku: 'SKU-NONE', quantity: 1 },
    ];
    const answer = await take('/holds', newOrder(), items, 3389);
    expect(answer).toMatchObject({
      status: 409,
      body: { code: 'out_of_stock', shortages: [{ sku: 'SKU-NONE', wanted: 1, free: 0 }] },
    });
    expect(await stockOf('SKU-MAT')).toEqual(before);
  });

  it('refuses a quote that is off, and what is not in the catalogue', async () => {
    const off = await take('/holds', newOrder(), [{ sku: 'SKU-MAT', quantity: 1 }], 1);
    expect(off.body['code']).toBe('price_changed');
    const unknown = await take('/holds', newOrder(), [{ sku: 'NO-1', quantity: 1 }], 1);
    expect(unknown.body['code']).toBe('unknown_sku');
  });

  it('sells no saga what is on hold, and sells it once it is not', async () => {
    const [holder, saga, again] = [newOrder(), newOrder(), newOrder()];
    const one = [{ sku: 'SKU-MONITOR', quantity: 1 }];
    await take('/holds', holder, [{ sku: 'SKU-MONITOR', quantity: 1000 }], 24_900_000);
    const second = newOrder();
    await take('/holds', second, [{ sku: 'SKU-MONITOR', quantity: 1000 }], 24_900_000);
    expect((await take('/reservations', saga, one, 24_900)).body['code']).toBe('out_of_stock');
    await undo('/cancellations', holder);
    expect((await take('/reservations', again, one, 24_900)).status).toBe(201);
    // What was refused stays refused, whatever has come back.
    expect((await take('/reservations', saga, one, 24_900)).body['code']).toBe('out_of_stock');
  });

  it('gives 100 of 100 to 500 who want one at the same time, half of them sagas and half of them holds', async () => {
    const wanted = Array.from({ length: 500 }, (_, n) => ({
      order: newOrder(),
      route: n % 2 === 0 ? '/holds' : '/reservations',
    }));
    const answers = await Promise.all(
      wanted.map(async ({ order, route }) => ({
        order,
        route,
        status: (await persistently(() => take(route, order, [{ sku: 'SKU-RARE', quantity: 1 }], 9900)))
          .status,
      })),
    );
    const winners = answers.filter(({ status }) => status === 201);
    expect(winners).toHaveLength(100);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(400);
    const holders = winners.filter(({ route }) => route === '/holds');
    expect(await stockOf('SKU-RARE')).toEqual({
      sku: 'SKU-RARE',
      seeded: 100,
      free: 0,
      reserved: holders.length,
      sold: 100 - holders.length,
    });
    // Confirmed and cancelled at the same time: each unit goes one way.
    const settled = await Promise.all(
      holders.map(async ({ order }) => {
        const both = await Promise.all([confirm(order), undo('/cancellations', order)]);
        return both.map(({ status }) => status);
      }),
    );
    for (const statuses of settled) expect([...statuses].sort()).toEqual([200, 409]);
    const confirmed = settled.filter(([status]) => status === 200).length;
    expect(await stockOf('SKU-RARE')).toMatchObject({
      free: holders.length - confirmed,
      reserved: 0,
      sold: 100 - holders.length + confirmed,
    });
  });

  it('never deadlocks over items that holds name in opposite order', async () => {
    const items = [
      { sku: 'SKU-HEADSET', quantity: 1 },
      { sku: 'SKU-CABLE', quantity: 1 },
    ];
    const answers = await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        const order = newOrder();
        const held = await take('/holds', order, n % 2 === 0 ? items : [...items].reverse(), 9240);
        const confirmed = await confirm(order);
        return [held.status, confirmed.status, (await undo('/reversals', order)).status];
      }),
    );
    expect(new Set(answers.flat())).toEqual(new Set([201, 200]));
  });

  describe('books', () => {
    it('call a hold overdue that clean-ups have forgotten', async () => {
      const own = await database.freshConfig({ TCC_HOLD_SWEEP_INTERVAL_MS: '86400000' });
      const forgetful = await serve(await buildInventoryApp({ config: own, telemetry: testTelemetry() }));
      try {
        const items = [{ sku: 'SKU-MAT', quantity: 1 }];
        const body = { orderId: 'o-1', items, expectedAmount: { value: 1890, currency: 'EUR' } };
        await forgetful.post('/holds', body, 'o-1/try');
        await endedLongAgo(own);
        const { reservations } = (await forgetful.get('/books')).body as unknown as InventoryBooks;
        expect(reservations).toMatchObject([{ state: 'held', expired: true, overdue: true }]);
      } finally {
        await forgetful.stop();
      }
    });
  });
});

/** Every hold's time was over for days. */
async function endedLongAgo(config: Config): Promise<void> {
  const db = await openDatabase<InventoryTables>(config, {
    schema: 'inventory',
    migrations: inventoryMigrations,
    telemetry: testTelemetry(),
  });
  await db.updateTable('reservations').set({ expires_at: 1 }).where('state', '=', 'held').execute();
  await db.destroy();
}
