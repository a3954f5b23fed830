import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pino from 'pino';
import { loadConfig } from '../../../src/config/config';
import { createServiceApp } from '../../../src/services/service-app';
import { buildShippingApp } from '../../../src/services/shipping/app';
import { createLogger } from '../../../src/telemetry/logger';
import type { ServiceUnderTest } from '../../support/services';
import { onEachDatabase, serve } from '../../support/services';
import { testTelemetry } from '../../support/services-telemetry';

const address = { name: 'A. Buyer', line1: '1 Main St', city: 'Berlin', postalCode: '10115', country: 'DE' };
const items = [{ sku: 'SKU-MOUSE', quantity: 1 }];
const valid = { orderId: 'o-1', items, address };

onEachDatabase((database) => {
  describe('any service', () => {
    const lines: string[] = [];
    let service: ServiceUnderTest;
    beforeAll(async () => {
      const sink = new Writable({
        write(chunk: Buffer, _encoding, done) {
          lines.push(chunk.toString());
          done();
        },
      });
      const telemetry = testTelemetry(pino({ level: 'trace' }, sink));
      service = await serve(await buildShippingApp({ config: await database.freshConfig(), telemetry }));
    });
    afterAll(() => service.stop());

    it('names every wrong field at once', async () => {
      const answer = await service.post(
        '/shipments',
        {
          orderId: '../x',
          items: [
            { sku: 'SKU-MOUSE', quantity: 1.5 },
            { sku: 'SKU-MOUSE', quantity: 1 },
          ],
          address: { ...address, country: undefined },
          extra: 1,
        },
        'k',
      );
      expect(answer).toMatchObject({
        status: 400,
        contentType: expect.stringContaining('application/problem+json'),
        body: { code: 'invalid_request', status: 400, instance: '/shipments' },
      });
      const fields = (answer.body['errors'] as { field: string }[]).map((error) => error.field);
      expect(fields.sort()).toEqual(['address.country', 'extra', 'items[0].quantity', 'orderId']);
    });

    it.each([0, -1, 1.5, 1e9, '1', null])('refuses the quantity %p', async (quantity) => {
      const answer = await service.post('/shipments', { ...valid, items: [{ sku: 'S', quantity }] }, 'k');
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'items[0].quantity' }] } });
    });

    it.each([
      ['no JSON', '{"a":'],
      ['an empty body', ''],
      ['an array', '[]'],
      ['a prototype', '{"__proto__":{"x":1}}'],
    ])('refuses %s', async (_what, text) => {
      const answer = await service.post('/shipments', text, 'k');
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
      expect(answer.body['errors']).not.toHaveLength(0);
    });

    it('wants an Idempotency-Key for everything that changes something', async () => {
      for (const route of ['/shipments', '/cancellations']) {
        expect(await service.post(route, valid)).toMatchObject({
          status: 400,
          body: { code: 'idempotency_key_missing' },
        });
      }
    });

    it.each([
      ['too long', 'k'.repeat(256)],
      ['with a space', 'a b'],
      ['not ASCII', 'ké'],
    ])('refuses a key %s', async (_what, key) => {
      const answer = await service.post('/shipments', valid, key);
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'Idempotency-Key' }] } });
    });

    it('accepts a key of 255 characters', async () => {
      expect((await service.post('/shipments', valid, 'k'.repeat(255))).status).toBe(201);
    });

    it('answers 404, 413 and 415 as problems', async () => {
      expect(await service.post('/nowhere', valid, 'k')).toMatchObject({
        status: 404,
        body: { code: 'not_found' },
      });
      expect((await service.get('/nowhere')).body['code']).toBe('not_found');
      const large = { ...valid, orderId: 'x'.repeat(200_000) };
      const [tooLarge, wrongType, badPath] = await Promise.all([
        service.post('/shipments', large, 'k'),
        service.post('/shipments', 'a=b', 'k', { 'content-type': 'text/plain' }),
        service.get('/%'),
      ]);
      expect(tooLarge).toMatchObject({ status: 413, body: { status: 413, title: 'Content Too Large' } });
      expect(wrongType).toMatchObject({
        status: 415,
        body: { status: 415, title: 'Unsupported Media Type' },
      });
      expect(badPath).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
      for (const { contentType } of [tooLarge, wrongType, badPath]) {
        expect(contentType).toContain('application/problem+json');
      }
    });

    it.each(['limit=0', 'limit=1001', 'limit=x', 'cursor=nonsense', 'colour=red'])(
      'refuses the query %s of its books',
      async (query) => {
        expect(await service.get(`/books?${query}`)).toMatchObject({
          status: 400,
          body: { code: 'invalid_request' },
        });
      },
    );

    it('is healthy and ready', async () => {
      expect((await service.get('/healthz')).status).toBe(200);
      expect((await service.get('/readyz')).status).toBe(200);
    });

    it('logs nothing of bodies and addresses', () => {
      const log = lines.join('');
      for (const secret of ['Main St', 'A. Buyer', '10115']) expect(log).not.toContain(secret);
    });
  });
});

describe('a service that fails', () => {
  it('says so without internals, and logs them', async () => {
    const lines: string[] = [];
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(chunk.toString());
        done();
      },
    });
    const telemetry = testTelemetry(createLogger('test', 'info', sink));
    const app = createServiceApp(
      { config: loadConfig({}), telemetry },
      { ready: () => Promise.reject(new Error('database gone')), close: () => Promise.resolve() },
    );
    app.get('/fails', () => {
      throw Object.assign(new Error('secret table is corrupt'), {
        detail: 'Failing row contains (1 Main St)',
      });
    });
    const response = await app.inject('/fails');
    expect(response.statusCode).toBe(500);
    expect(response.json()).toMatchObject({ code: 'internal_error', status: 500 });
    expect(response.body).not.toContain('secret table');
    expect(lines.join('')).toContain('secret table is corrupt');
    expect(lines.join('')).not.toContain('Main St');
    expect((await app.inject('/readyz')).statusCode).toBe(503);
    expect((await app.inject('/healthz')).statusCode).toBe(200);
    await app.close();
  });
});
