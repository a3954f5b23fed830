import { expect, it } from '@jest/globals';
import type { Migration } from 'kysely';
import type { Config } from '../../../src/config/config';
import type { InventoryBooks, PaymentBooks } from '../../../src/domain/service-contract';
import { openDatabase } from '../../../src/database/open-database';
import { buildInventoryApp } from '../../../src/services/inventory/app';
import type { InventoryTables } from '../../../src/services/inventory/tables';
import { inventoryMigrations } from '../../../src/services/inventory/tables';
import { buildPaymentApp } from '../../../src/services/payment/app';
import type { SandboxTables } from '../../../src/services/payment/sandbox/tables';
import { sandboxMigrations } from '../../../src/services/payment/sandbox/tables';
import type { PaymentTables } from '../../../src/services/payment/tables';
import { paymentMigrations } from '../../../src/services/payment/tables';
import { onEachDatabase, serve } from '../../support/services';
import { testTelemetry } from '../../support/services-telemetry';

const telemetry = testTelemetry();
const TIMES = { created_at: 1, updated_at: 2 };

onEachDatabase((database) => {
  /** The database of a service as it was before there were holds, with what `write` writes. */
  async function before<Tables>(
    config: Config,
    schema: string,
    migrations: Readonly<Record<string, Migration>>,
    write: (db: Awaited<ReturnType<typeof openDatabase<Tables>>>) => Promise<unknown>,
  ): Promise<void> {
    const db = await openDatabase<Tables>(config, { schema, migrations, telemetry });
    await write(db);
    await db.destroy();
  }
  const done = (key: string, body: object, state: 'done' | 'refused' | 'compensated' = 'done') => ({
    key,
    kind: 'action' as const,
    state,
    order_id: 'o-1',
    fingerprint: 'f',
    compensates: null,
    status: 201,
    body: JSON.stringify(body),
    ...TIMES,
  });

  it('finds stock, reservations and answers of a time before holds as they were', async () => {
    const config = await database.freshConfig();
    const { '001-barrier': barrier, '002-stock': stock, '003-seed': seed } = inventoryMigrations;
    const old = { '001-barrier': barrier, '002-stock': stock, '003-seed': seed };
    await before<InventoryTables>(config, 'inventory', old, async (db) => {
      await db
        .insertInto('barrier')
        .values([done('k-1', { reservationId: 'res_1' }), done('k-2', {}, 'compensated')])
        .execute();
      const reservation = { order_id: 'o-1', items: '[{"sku":"SKU-RARE","quantity":3}]', ...TIMES };
      await db
        .insertInto('reservations')
        .values([
          { ...reservation, key: 'k-1', reservation_id: 'res_1', state: 'sold' },
          { ...reservation, key: 'k-2', reservation_id: 'res_2', state: 'released' },
        ])
        .execute();
      await db.updateTable('stock').set({ free: 97, sold: 3 }).where('sku', '=', 'SKU-RARE').execute();
    });

    const inventory = await serve(await buildInventoryApp({ config, telemetry }));
    const books = async () => (await inventory.get('/books')).body as unknown as InventoryBooks;
    const rare = async () => (await books()).stock.find(({ sku }) => sku === 'SKU-RARE');
    expect(await rare()).toEqual({ sku: 'SKU-RARE', seeded: 100, free: 97, reserved: 0, sold: 3 });
    expect((await books()).reservations.map(({ state }) => state)).toEqual(['sold', 'released']);
    const release = (key: string) =>
      inventory.post('/releases', { orderId: 'o-1', compensates: key }, `undo-${key}`);
    expect((await release('k-2')).body).toEqual({ result: 'undone' });
    expect((await release('k-1')).body).toEqual({ result: 'undone' });
    expect(await rare()).toEqual({ sku: 'SKU-RARE', seeded: 100, free: 100, reserved: 0, sold: 0 });
    await inventory.stop();
  });

  it('finds payments and the account book of a time before holds as they were', async () => {
    const config = await database.freshConfig();
    const { '001-barrier': barrier, '002-payments': payments } = paymentMigrations;
    const old = { '001-barrier': barrier, '002-payments': payments };
    await before<PaymentTables>(config, 'payment', old, async (db) => {
      await db
        .insertInto('barrier')
        .values(done('k-1', { paymentId: 'pay_1' }))
        .execute();
    });
    const { '001-charges': charges } = sandboxMigrations;
    await before<SandboxTables>(config, 'payment_provider', { '001-charges': charges }, async (db) => {
      await db
        .insertInto('charges')
        .values({
          key: 'k-1',
          order_id: 'o-1',
          state: 'charged',
          payment_id: 'pay_1',
          reason: null,
          method: 'pm_card_visa',
          currency: 'EUR',
          charged: 5998,
          refunded: 0,
          held: 0,
          failures: 0,
          ...TIMES,
        })
        .execute();
    });

    const payment = await serve(await buildPaymentApp({ config, telemetry }));
    const account = async () => (await payment.get('/books')).body as unknown as PaymentBooks;
    const entry = { orderId: 'o-1', currency: 'EUR', charged: 5998, refunded: 0, held: 0 };
    expect(await account()).toEqual({ payments: [entry] });
    const refund = await payment.post('/refunds', { orderId: 'o-1', compensates: 'k-1' }, 'undo-k-1');
    expect(refund.body).toEqual({ result: 'undone' });
    expect(await account()).toEqual({ payments: [{ ...entry, refunded: 5998 }] });
    await payment.stop();
  });
});
