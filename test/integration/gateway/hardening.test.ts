import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigError } from '../../../src/config/config';
import { eventually } from '../../support/eventually';
import { send } from '../../support/http-request';
import type { HttpRequest, HttpResponse } from '../../support/http-request';
import { TestStack } from '../../support/stack';
import { JWT_SECRET, signToken } from '../../support/tokens';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

let stack: TestStack;

function startGateway(settings: Readonly<Record<string, string>> = {}): () => Promise<void> {
  return async () => {
    stack = await TestStack.start(settings, ['gateway']);
  };
}

const ask = (path: string, request: HttpRequest = {}): Promise<HttpResponse> =>
  send(`http://127.0.0.1:${String(stack.config.gateway.port)}${path}`, request);
const ownHost = () => `127.0.0.1:${String(stack.config.gateway.port)}`;

describe('a gateway without authentication', () => {
  beforeAll(startGateway());

  afterAll(() => stack.stop());

  it.each(['0.0.0.0', '::', '192.0.2.1', 'orders.example'])(
    'does not even try to listen on %s',
    async (host) => {
      const start = TestStack.start({ GATEWAY_HOST: host }, ['gateway']).then((started) => started.stop());
      await expect(start).rejects.toThrow(ConfigError);
      await expect(start).rejects.toThrow(
        new RegExp(`GATEWAY_HOST=${host}: .*GATEWAY_JWKS_URL or GATEWAY_JWT_SECRET, or GATEWAY_INSECURE=1`),
      );
    },
  );

  it.each(['localhost', '127.0.0.1', '127.1.2.3', '[::1]', 'LOCALHOST'])(
    'serves requests for %s',
    async (name) => {
      for (const host of [name, `${name}:3000`]) {
        expect([host, (await ask('/orders', { headers: { host } })).status]).toEqual([host, 200]);
      }
    },
  );

  it.each([
    'evil.example',
    'evil.example:3000',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '127.evil.example',
    'evil.example@localhost',
    '192.0.2.1',
    '0.0.0.0',
    '[::]',
  ])('refuses requests for %j: a name of somebody else’s (DNS rebinding)', async (host) => {
    for (const request of [{}, { body: {} }, { method: 'HEAD' }]) {
      const answer = await ask('/orders', { ...request, headers: { host } });
      expect(answer.status).toBe(421);
      if (answer.text !== '') expect(answer.json()).toMatchObject({ code: 'misdirected', status: 421 });
    }
  });

  it('believes no forwarded host of a proxy that it was not told of', async () => {
    const headers = { host: 'evil.example', 'x-forwarded-host': 'localhost' };
    expect((await ask('/orders', { headers })).status).toBe(421);
  });

  const otherOrigins = () => [
    'http://evil.example',
    `https://evil.example:${String(stack.config.gateway.port)}`,
    `http://127.0.0.1:${String(stack.config.gateway.port + 1)}`,
    `http://localhost:${String(stack.config.gateway.port)}`,
    'null',
    '',
  ];

  it.each<[string, HttpRequest]>([
    ['a form', { headers: FORM, body: 'reason=r' }],
    ['JSON', { body: { reason: 'r' } }],
    ['nothing', { method: 'POST' }],
  ])('takes %s from no page but its own (CSRF)', async (_, request) => {
    for (const origin of otherOrigins()) {
      const answer = await ask('/orders/o-1/cancel', { ...request, headers: { ...request.headers, origin } });
      expect([origin, answer.status]).toEqual([origin, 403]);
      expect(answer.json()).toMatchObject({ code: 'forbidden' });
      expect(answer.headers['www-authenticate']).toBeUndefined();
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    }
    const own = { ...request, headers: { ...request.headers, origin: `http://${ownHost()}` } };
    expect((await ask('/orders/o-1/cancel', own)).status).toBe(404);
    expect((await ask('/orders/o-1/cancel', request)).status).toBe(404);
  });

  it('lets no page of somebody else’s read its answers (CORS)', async () => {
    const headers = { origin: 'http://evil.example' };
    const read = await ask('/orders', { headers });
    expect([read.status, read.headers['access-control-allow-origin']]).toEqual([200, undefined]);
    expect(read.headers['cross-origin-resource-policy']).toBe('same-origin');
    const preflight = await ask('/orders', {
      method: 'OPTIONS',
      headers: { ...headers, 'access-control-request-method': 'POST' },
    });
    expect([preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([403, undefined]);
  });

  it.each(['r-1', 'a.b:c-d_9', 'x'.repeat(128)])('keeps the request id of its client: %s', async (id) => {
    for (const path of ['/orders', '/orders/none', '/nowhere', '/healthz', '/%']) {
      const answer = await ask(path, { headers: { 'x-request-id': id } });
      expect([path, answer.headers['x-request-id']]).toEqual([path, id]);
    }
  });

  it.each([
    '/orders/%',
    '/orders/%ff',
    `/orders/${'x'.repeat(8_000)}`,
    '/orders/%00',
    '/orders/..%2f..',
    '/%c0%ae',
  ])('knows of nothing where nothing can be: %s', async (path) => {
    const answer = await ask(path);
    expect(answer.status).toBe(404);
    expect(answer.json()).toMatchObject({ code: 'not_found', status: 404 });
    expect(answer.headers['x-request-id']).toMatch(UUID);
  });

  it.each(['', 'a b', 'x'.repeat(129), '{"a":1}', 'caf\u00e9', '<script>'])(
    'replaces a request id that is none: %j',
    async (id) => {
      const answer = await ask('/orders', { headers: { 'x-request-id': id } });
      expect(answer.headers['x-request-id']).toMatch(UUID);
    },
  );

  it('takes 100 kB and not a byte more', async () => {
    const body = (bytes: number) => `{"a":"${'x'.repeat(bytes - 8)}"}`;
    expect((await ask('/orders', { body: body(102_400) })).status).toBe(400);
    const refused = await ask('/orders', { body: body(102_401) });
    expect(refused.status).toBe(413);
    expect(refused.json()).toMatchObject({
      status: 413,
      detail: 'A body may have 102400 bytes',
      instance: '/orders',
    });
  });

  it.each([
    'text/plain',
    'application/xml',
    'multipart/form-data; boundary=b',
    'application/x-www-form-urlencoded',
  ])('takes no order as %s', async (type) => {
    const refused = await ask('/orders', { headers: { 'content-type': type }, body: '{}' });
    expect(refused.status).toBe(415);
    expect(refused.json()).toMatchObject({ status: 415, detail: 'Send the body as application/json' });
  });

  it('says which methods a resource takes, whatever comes with another one', async () => {
    for (const [method, path, allow] of [
      ['DELETE', '/orders', 'GET, HEAD, POST'],
      ['PUT', '/orders/o-1', 'GET, HEAD'],
      ['PATCH', '/orders/o-1/compensations/refund_payment/skip', 'POST'],
      ['GET', '/orders/o-1/cancel', 'POST'],
      ['OPTIONS', '/attention', 'GET, HEAD'],
      ['PROPFIND', '/healthz', 'GET, HEAD'],
    ] as const) {
      const refused = await ask(path, { method, headers: { 'content-type': 'text/odd' }, body: '{' });
      expect([method, path, refused.status, refused.headers.allow]).toEqual([method, path, 405, allow]);
      expect(refused.json()).toMatchObject({ code: 'method_not_allowed', detail: `${path} takes ${allow}` });
    }
    const unknown = await ask('/orders/o-1/elsewhere', { method: 'PUT', body: '{' });
    expect([unknown.status, unknown.headers.allow]).toEqual([404, undefined]);
  });

  it.each<[string, string, HttpRequest]>([
    ['JSON', '/orders', {}],
    ['a page', '/', { headers: { accept: 'text/html' } }],
    ['a refusal', '/orders/o-1', {}],
    ['a refusal as a page', '/orders/o-1', { headers: { accept: 'text/html' } }],
    ['nothing', '/nowhere', {}],
    ['a malformed path', '/%', {}],
    ['another method', '/orders', { method: 'DELETE' }],
    ['somebody else’s page', '/orders', { body: {}, headers: { origin: 'http://evil.example' } }],
    ['another host', '/orders', { headers: { host: 'evil.example' } }],
  ])('sends what keeps browsers out of trouble with %s', async (_, path, request) => {
    const { headers } = await ask(path, request);
    expect(headers['content-security-policy']).toContain("default-src 'none';script-src 'self'");
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
    });
    expect(headers['x-powered-by']).toBeUndefined();
    expect(headers['server']).toBeUndefined();
  });
});

describe('a gateway that is told where it stands', () => {
  it('listens everywhere without authentication when it is told to, for whatever name', async () => {
    await startGateway({ GATEWAY_HOST: '0.0.0.0', GATEWAY_INSECURE: '1' })();
    try {
      expect((await ask('/orders', { headers: { host: 'orders.example' } })).status).toBe(200);
    } finally {
      await stack.stop();
    }
  });

  it('listens everywhere with authentication, for whatever name', async () => {
    await startGateway({ GATEWAY_HOST: '0.0.0.0', GATEWAY_JWT_SECRET: JWT_SECRET })();
    try {
      const token = await signToken({ sub: 'cus_1', scope: 'orders:read' });
      expect((await ask('/orders', { token, headers: { host: 'orders.example' } })).status).toBe(200);
    } finally {
      await stack.stop();
    }
  });
});

describe('a gateway that is asked too much', () => {
  it('lets a client make so many requests a minute, says when to come back, and answers probes all the same', async () => {
    await startGateway({ GATEWAY_RATE_LIMIT: '3' })();
    try {
      const statuses = [];
      for (const path of ['/orders', '/orders/o-1', '/', '/orders']) statuses.push((await ask(path)).status);
      expect(statuses).toEqual([200, 404, 200, 429]);
      const refused = await ask('/orders');
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
      expect(refused.headers['content-type']).toBe('application/problem+json; charset=utf-8');
      expect(refused.json()).toMatchObject({ code: 'rate_limited', status: 429 });
      expect(refused.json()['detail']).toMatch(/^At most 3 requests a minute; try again in/);
      for (const probe of ['/healthz', '/readyz', '/metrics']) expect((await ask(probe)).status).toBe(200);
    } finally {
      await stack.stop();
    }
  });

  it('sheds load while it cannot keep up, answers probes all the same, and recovers', async () => {
    await startGateway({ GATEWAY_MAX_EVENT_LOOP_DELAY_MS: '50' })();
    const busy = setInterval(() => {
      blockFor(150);
    }, 1);
    try {
      const shed = await eventually(
        () => ask('/orders'),
        ({ status }) => status === 503,
        'a request is shed',
      );
      expect(shed.headers['retry-after']).toBe('1');
      expect(shed.headers['content-type']).toBe('application/problem+json; charset=utf-8');
      expect(shed.json()).toMatchObject({ code: 'overloaded', status: 503 });
      for (const probe of ['/healthz', '/readyz', '/metrics']) expect((await ask(probe)).status).toBe(200);
      clearInterval(busy);
      await eventually(
        () => ask('/orders'),
        ({ status }) => status === 200,
        'requests are served again',
      );
    } finally {
      clearInterval(busy);
      await stack.stop();
    }
  });
});

/** Keeps the event loop from turning, as too much work does. */
function blockFor(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
