import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Config } from '../../../src/config/config';
import type { ShippingBooks } from '../../../src/domain/service-contract';
import { buildShippingApp } from '../../../src/services/shipping/app';
import type { ServiceUnderTest } from '../../support/services';
import { onEachDatabase, serve } from '../../support/services';
import { testTelemetry } from '../../support/services-telemetry';

onEachDatabase((database) => {
  let config: Config;
  let shipping: ServiceUnderTest;
  const start = async () => serve(await buildShippingApp({ config, telemetry: testTelemetry() }));
  beforeAll(async () => {
    config = await database.freshConfig();
    shipping = await start();
  });
  afterAll(() => shipping.stop());

  const ship = (orderId: string, country: string) =>
    shipping.post(
      '/shipments',
      {
        orderId,
        items: [{ sku: 'SKU-MOUSE', quantity: 1 }],
        address: { name: 'A. Buyer', line1: '1 Main St', city: 'Somewhere', postalCode: '10115', country },
      },
      `${orderId}/ship`,
    );
  const cancel = (orderId: string) =>
    shipping.post('/cancellations', { orderId, compensates: `${orderId}/ship` }, `${orderId}/cancel`);
  const statusOf = async (orderId: string) => {
    const { shipments } = (await shipping.get('/books')).body as unknown as ShippingBooks;
    return shipments.filter((shipment) => shipment.orderId === orderId).map((shipment) => shipment.status);
  };

  it.each(['DE', 'FR', 'NL', 'ES', 'IT', 'US', 'GB'])('ships to %s', async (country) => {
    const answer = await ship(`to-${country}`, country);
    expect(answer).toMatchObject({ status: 201, body: { shipmentId: expect.stringMatching(/^shp_/) } });
  });

  it.each(['AQ', 'CH'])('refuses %s for good: no carrier', async (country) => {
    const refused = await ship(`to-${country}`, country);
    expect(refused).toMatchObject({ status: 422, body: { code: 'shipping_unavailable' } });
    expect(await ship(`to-${country}`, country)).toMatchObject({ replayed: true, body: refused.body });
    expect((await cancel(`to-${country}`)).body).toEqual({ result: 'nothing_to_undo' });
  });

  it('leaves the outcome open while the carrier for XX is down, until it is cancelled', async () => {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const answer = await ship('to-XX', 'XX');
      expect(answer).toMatchObject({ status: 503, replayed: false, body: { code: 'carrier_unavailable' } });
    }
    expect((await cancel('to-XX')).body).toEqual({ result: 'nothing_to_undo' });
    expect((await ship('to-XX', 'XX')).body['code']).toBe('already_compensated');
    expect(await statusOf('to-XX')).toEqual([]);
  });

  it('ships once and cancels once, however often it is told', async () => {
    const [first, second] = await Promise.all([ship('o-1', 'DE'), ship('o-1', 'DE')]);
    expect(first.body).toEqual(second.body);
    expect(await statusOf('o-1')).toEqual(['created']);
    const cancelled = await Promise.all([cancel('o-1'), cancel('o-1')]);
    expect(cancelled.map((answer) => answer.body)).toEqual([{ result: 'undone' }, { result: 'undone' }]);
    expect(await statusOf('o-1')).toEqual(['cancelled']);
  });

  it('ships nothing after a cancellation that came first', async () => {
    await cancel('o-2');
    expect((await ship('o-2', 'DE')).body['code']).toBe('already_compensated');
    expect(await statusOf('o-2')).toEqual([]);
  });

  it('remembers shipments and keys over a restart', async () => {
    const first = await ship('o-3', 'US');
    await shipping.stop();
    shipping = await start();
    expect(await ship('o-3', 'US')).toMatchObject({ replayed: true, body: first.body });
  });
});
