import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Config, ServiceName } from '../../../src/config/config';
import { ConfigError } from '../../../src/config/config';
import { privateConfig } from '../../../src/stack/private-stack';
import { buildInventoryApp } from '../../../src/services/inventory/app';
import { buildOrderApp } from '../../../src/services/order/app';
import { buildPaymentApp } from '../../../src/services/payment/app';
import { buildShippingApp } from '../../../src/services/shipping/app';
import type { ServiceApp, ServiceDeps } from '../../../src/services/service-app';
import { startService } from '../../../src/services/start-service';
import { testTelemetry } from '../../support/services-telemetry';
import { memoryTelemetry } from '../../unit/telemetry/memory-telemetry';

const TOKEN = 'the-token-of-this-test-0123456789';
const OLD = 'the-token-before-it-0123456789-ab';

const BUILDERS: Readonly<Record<ServiceName, (deps: ServiceDeps) => Promise<ServiceApp>>> = {
  order: buildOrderApp,
  inventory: buildInventoryApp,
  payment: buildPaymentApp,
  shipping: buildShippingApp,
};
const NAMES = Object.keys(BUILDERS) as ServiceName[];

const ended: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

async function configOf(settings: Readonly<Record<string, string>>): Promise<Config> {
  const { config, remove } = await privateConfig({ LOG_LEVEL: 'silent', ...settings });
  ended.push(remove);
  return config;
}

/** The service's app, every route that it was given, and the spans that it made. */
async function built(name: ServiceName, settings: Readonly<Record<string, string>>) {
  const tracing = memoryTelemetry(name);
  const app = await BUILDERS[name]({
    config: await configOf(settings),
    telemetry: { ...testTelemetry(), tracer: tracing.tracer },
  });
  ended.push(() => app.close());
  const routes = app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, url, methods = ''] = /(\/\S*) \((.*)\)/.exec(line) ?? [];
      return url === undefined ? [] : methods.split(', ').map((method) => ({ method, url }));
    });
  return { app, routes, spans: () => tracing.spans() };
}

const PROBES = ['/healthz', '/readyz', '/metrics'];

describe.each(NAMES)('the %s service with SERVICE_TOKEN', (name) => {
  it('answers nobody without the token, but probes', async () => {
    const { app, routes } = await built(name, { SERVICE_TOKEN: TOKEN });
    expect(routes.length).toBeGreaterThan(8);
    for (const { method, url } of routes) {
      const { statusCode } = await app.inject({ method: method as 'GET', url });
      expect({ method, url, statusCode }).toEqual({
        method,
        url,
        statusCode: PROBES.includes(url) ? 200 : 401,
      });
    }
  });

  it.each(['/nothing', '/%', '/healthz/..', '/healthz/', '//healthz', '/readyz%2f', '/books?x=/healthz'])(
    'tells a stranger nothing about %s',
    async (url) => {
      const { app } = await built(name, { SERVICE_TOKEN: TOKEN });
      expect((await app.inject(url)).statusCode).toBe(401);
      expect((await app.inject({ method: 'POST', url })).statusCode).toBe(401);
    },
  );

  it.each([
    ['no token', undefined],
    ['another token', `Bearer ${TOKEN}x`],
    ['the token as a password', `Basic ${Buffer.from(`:${TOKEN}`).toString('base64')}`],
  ])('refuses a call with %s as problem+json, and looks at nothing of it', async (_, authorization) => {
    const { app, spans } = await built(name, { SERVICE_TOKEN: TOKEN });
    const response = await app.inject({
      method: 'POST',
      url: '/cancellations',
      headers: {
        'content-type': 'application/json',
        traceparent: '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01',
        ...(authorization !== undefined && { authorization }),
      },
      payload: '{"not": json',
    });
    expect(response.statusCode).toBe(401);
    expect(response.headers).toMatchObject({
      'www-authenticate': 'Bearer',
      'content-type': 'application/problem+json; charset=utf-8',
    });
    expect(response.json()).toMatchObject({ code: 'unauthorized', status: 401, instance: '/cancellations' });
    expect(response.body).not.toContain(TOKEN);
    expect(spans()).toEqual([]);
  });

  it('takes every token of a list, and serves whoever has one', async () => {
    const { app, spans } = await built(name, { SERVICE_TOKEN: `${TOKEN},${OLD}` });
    for (const token of [TOKEN, OLD]) {
      const response = await app.inject({ url: '/books', headers: { authorization: `Bearer ${token}` } });
      expect(response.statusCode).toBe(200);
    }
    expect(spans().filter((span) => span.name === 'GET /books')).toHaveLength(2);
    expect(JSON.stringify(spans().map(({ attributes, events }) => ({ attributes, events })))).not.toContain(
      OLD,
    );
  });
});

describe('a service without SERVICE_TOKEN', () => {
  it('serves this machine, under no other name', async () => {
    const { app } = await built('inventory', {});
    const asked = async (host: string) =>
      (await app.inject({ url: '/catalogue', headers: { host } })).statusCode;
    expect(await asked('127.0.0.1:3002')).toBe(200);
    expect(await asked('localhost')).toBe(200);
    expect(await asked('rebound.example:3002')).toBe(421);
  });

  it.each(['0.0.0.0', '::'])('does not listen on %s', async (host) => {
    const config = await configOf({ HOST: host });
    const start = startService('inventory', { config, telemetry: testTelemetry() });
    await expect(start).rejects.toThrow(ConfigError);
    await expect(start).rejects.toThrow(/HOST=.*SERVICE_TOKEN.*SERVICE_INSECURE=1/);
    expect(await isOpen(config.services.inventory.port)).toBe(false);
  });

  it.each([{ SERVICE_INSECURE: '1' }, { SERVICE_TOKEN: TOKEN }])(
    'listens everywhere with %p',
    async (settings: Readonly<Record<string, string>>) => {
      const config = await configOf({ HOST: '0.0.0.0', ...settings });
      const part = await startService('inventory', { config, telemetry: testTelemetry() });
      ended.push(() => part.stop());
      expect(await isOpen(config.services.inventory.port)).toBe(true);
    },
  );
});

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
