import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { send } from '../../support/http-request';
import type { HttpRequest, HttpResponse } from '../../support/http-request';
import { TestStack } from '../../support/stack';
import { JWT_SECRET, signToken } from '../../support/tokens';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const ACTION = '/orders/o-1/compensations/refund_payment';

/** Every route that is not open to everybody, with what it answers to who may, about an order that there is not. */
const ROUTES: readonly [
  scope: string,
  method: string,
  path: string,
  allowed: number,
  request?: HttpRequest,
][] = [
  ['orders:write', 'POST', '/orders', 400, { body: {} }],
  ['orders:write', 'POST', '/orders/o-1/cancel', 404, { body: {} }],
  ['orders:write', 'POST', '/orders/o-1/cancel', 404, { headers: FORM, body: 'reason=r' }],
  ['orders:read', 'GET', '/orders', 200],
  ['orders:read', 'GET', '/orders/o-1', 404],
  ['orders:read', 'HEAD', '/orders/o-1', 404],
  ['orders:read', 'GET', '/orders/o-1', 404, { headers: { accept: 'text/html' } }],
  ['orders:read', 'GET', '/orders/o-1/trace', 404],
  ['orders:read', 'GET', '/orders/o-1/events', 404],
  ['orders:read', 'GET', '/', 200],
  ['orders:operate', 'GET', '/attention', 200],
  ['orders:operate', 'POST', `${ACTION}/retry`, 404, { body: {} }],
  ['orders:operate', 'POST', `${ACTION}/skip`, 404, { body: { reason: 'r' } }],
  ['orders:operate', 'POST', `${ACTION}/skip`, 404, { headers: FORM, body: 'reason=r' }],
];
const SCOPES = ['orders:write', 'orders:read', 'orders:operate'];

describe('what a token allows', () => {
  let stack: TestStack;

  beforeAll(async () => {
    stack = await TestStack.start({ GATEWAY_JWT_SECRET: JWT_SECRET }, ['gateway']);
  });

  afterAll(() => stack.stop());

  const ask = (path: string, request: HttpRequest): Promise<HttpResponse> =>
    send(`http://127.0.0.1:${String(stack.config.gateway.port)}${path}`, request);

  describe.each(ROUTES)('%s: %s %s', (scope, method, path, allowed, request = {}) => {
    const withScope = async (claim: object) =>
      ask(path, { ...request, method, token: await signToken({ sub: 'cus_1', ...claim }) });

    it.each([
      ['its scope', { scope }],
      ['its scope among others', { scope: `openid ${scope} profile` }],
      ['its scope in a list, as some providers write it', { scp: [scope] }],
      ['orders:operate', { scope: 'orders:operate' }],
    ])('is open to a token with %s', async (_, claim) => {
      expect((await withScope(claim)).status).toBe(allowed);
    });

    it.each([
      ['none', {}],
      [
        'others',
        { scope: SCOPES.filter((other) => other !== scope && other !== 'orders:operate').join(' ') },
      ],
      ['one that only looks like it', { scope: `${scope}s x${scope} ${scope.toUpperCase()}` }],
      ['something else in its place', { scope: { [scope]: true } }],
    ])('is closed to a token with %s, and says which scope it takes', async (_, claim) => {
      const answer = await withScope(claim);
      expect(answer.status).toBe(403);
      expect(answer.headers['www-authenticate']).toBe(`Bearer error="insufficient_scope", scope="${scope}"`);
      if (method === 'HEAD') return;
      expect(answer.text).toContain(`The token lacks the scope ${scope}`);
      expect(answer.headers['content-type']).toMatch(
        request.headers?.['accept'] === 'text/html' ? /^text\/html/ : /^application\/problem\+json/,
      );
    });

    it('is closed without a token', async () => {
      const answer = await ask(path, { ...request, method });
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    });
  });

  it('is asked of every operation of the OpenAPI document', async () => {
    const { paths } = (await ask('/openapi.json', {})).json() as { paths: Record<string, object> };
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const template = (path: string) => path.replace('o-1', '{id}').replace('refund_payment', '{step}');
    expect(ROUTES.map(([, method, path]) => `${method} ${template(path)}`)).toEqual(
      expect.arrayContaining(documented),
    );
  });
});
