import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { exportSPKI, SignJWT, UnsecuredJWT } from 'jose';
import { send } from '../../support/http-request';
import type { HttpResponse } from '../../support/http-request';
import { KeyServer, signingKey } from '../../support/key-server';
import type { SigningKey } from '../../support/key-server';
import { TestStack } from '../../support/stack';
import { JWT_SECRET, signToken } from '../../support/tokens';
import type { Claims } from '../../support/tokens';

const CLAIMS = { sub: 'cus_1', scope: 'orders:read' };
const INVALID_TOKEN = 'Bearer error="invalid_token"';

let stack: TestStack;

async function startGateway(settings: Readonly<Record<string, string>>): Promise<void> {
  stack = await TestStack.start(settings, ['gateway']);
}

/** A list of orders, which takes `orders:read` and nothing but Temporal. */
function ask(token?: string, headers: Readonly<Record<string, string>> = {}): Promise<HttpResponse> {
  return send(`http://127.0.0.1:${String(stack.config.gateway.port)}/orders`, { token, headers });
}

function expectRefused(answer: HttpResponse, detail: RegExp, challenge = INVALID_TOKEN): void {
  expect(answer.status).toBe(401);
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(answer.headers['www-authenticate']).toBe(challenge);
  expect(answer.json()).toMatchObject({ code: 'unauthorized', status: 401, instance: '/orders' });
  expect(answer.json()['detail']).toMatch(detail);
}

const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

describe('a gateway with a secret (HS256)', () => {
  beforeAll(() =>
    startGateway({
      GATEWAY_JWT_SECRET: JWT_SECRET,
      GATEWAY_JWT_ISSUER: 'https://issuer.example',
      GATEWAY_JWT_AUDIENCE: 'orders',
    }),
  );

  afterAll(() => stack.stop());

  const good = { ...CLAIMS, iss: 'https://issuer.example', aud: 'orders' };

  it('takes a token that is signed with it', async () => {
    const answer = await ask(await signToken(good));
    expect([answer.status, answer.json()]).toEqual([200, { orders: [] }]);
  });

  it('takes a token that is for others too', async () => {
    expect((await ask(await signToken({ ...good, aud: ['shop', 'orders'] }))).status).toBe(200);
  });

  it('asks for a token where there is none, and does not say that one is wrong', async () => {
    expectRefused(await ask(), /Send Authorization: Bearer/, 'Bearer');
  });

  it.each([
    ['another scheme', 'Basic b3JkZXJzOm9yZGVycw=='],
    ['no token', 'Bearer '],
    ['two tokens', 'Bearer a b'],
  ])('asks for a token where there is %s', async (_, authorization) => {
    expectRefused(await ask(undefined, { authorization }), /Send Authorization: Bearer/, 'Bearer');
  });

  it('takes no token out of the URL, where logs would keep it', async () => {
    const token = await signToken(good);
    const answer = await send(
      `http://127.0.0.1:${String(stack.config.gateway.port)}/orders?access_token=${token}`,
    );
    expectRefused(answer, /Send Authorization/, 'Bearer');
    expect(answer.text).not.toContain(token);
  });

  it.each<[string, Claims, RegExp]>([
    ['has expired', { ...good, exp: inSeconds(-60) }, /^The token is refused: it has expired$/],
    ['never expires', { ...good, exp: undefined }, /missing required "exp" claim/],
    ['is nobody’s', { ...good, sub: undefined }, /missing required "sub" claim/],
    ['is not valid yet', { ...good, nbf: inSeconds(600) }, /"nbf" claim/],
    ['comes from elsewhere', { ...good, iss: 'https://other.example' }, /unexpected "iss" claim/],
    ['does not say where it comes from', { ...good, iss: undefined }, /"iss" claim/],
    ['is for somebody else', { ...good, aud: 'shop' }, /unexpected "aud" claim/],
    ['does not say whom it is for', { ...good, aud: undefined }, /"aud" claim/],
  ])('refuses a token that %s', async (_, claims, detail) => {
    expectRefused(await ask(await signToken(claims)), detail);
  });

  it('refuses a token that is signed with another secret', async () => {
    const token = await signToken(
      good,
      new TextEncoder().encode('another secret, just as long as the first'),
    );
    expectRefused(await ask(token), /signature verification failed/);
  });

  it('refuses a token whose claims were changed', async () => {
    const [header, , signature] = (await signToken(good)).split('.');
    const claims = Buffer.from(JSON.stringify({ ...good, exp: inSeconds(60), sub: 'cus_2' }));
    const forged = [header, claims.toString('base64url'), signature].join('.');
    expectRefused(await ask(forged), /signature verification failed/);
  });

  it('refuses a token that is not signed (alg none)', async () => {
    const token = new UnsecuredJWT(good).setExpirationTime('1h').encode();
    // With a signature, to get past whoever only looks for one.
    expectRefused(await ask(`${token}AAAA`), /refused/);
    expectRefused(await ask(token), /refused/);
  });

  it('refuses another algorithm of the same secret', async () => {
    const token = await signToken(good, undefined, { alg: 'HS512' });
    expectRefused(await ask(token), /"alg" \(Algorithm\) Header Parameter value not allowed/);
  });

  it.each(['x', 'a.b.c', 'eyJhbGciOiJIUzI1NiJ9.e30.', '..'])(
    'refuses what is no token: %s',
    async (token) => {
      expectRefused(await ask(token), /refused/);
    },
  );

  it('answers probes, and tells what it can do, without a token', async () => {
    const url = `http://127.0.0.1:${String(stack.config.gateway.port)}`;
    for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json', '/docs/']) {
      expect([path, (await send(url + path)).status]).toEqual([path, 200]);
    }
    const { security, components } = (await send(`${url}/openapi.json`)).json();
    expect(security).toEqual([{ bearer: [] }]);
    expect(components).toMatchObject({ securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } });
  });
});

describe('a gateway with a key set (JWKS)', () => {
  let rsa: SigningKey;
  let ec: SigningKey;
  let server: KeyServer;

  beforeAll(async () => {
    [rsa, ec] = await Promise.all([signingKey('RS256', 'rsa-1'), signingKey('ES256', 'ec-1')]);
  });

  beforeEach(async () => {
    server = new KeyServer(rsa, ec);
    await server.start();
    await startGateway({ GATEWAY_JWKS_URL: server.url, GATEWAY_REQUEST_TIMEOUT_MS: '1000' });
  });

  afterEach(async () => {
    jest.useRealTimers();
    await stack.stop();
    await server.stop();
  });

  const signedBy = ({ privateKey, header }: SigningKey, claims: Claims = CLAIMS) =>
    signToken(claims, privateKey, header);

  it('takes tokens signed by any of its keys, which it asks for once', async () => {
    const answers = await Promise.all([rsa, ec, rsa, ec].map(async (key) => ask(await signedBy(key))));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(server.asked).toBe(1);
  });

  it('refuses a token whose HMAC key is the public key', async () => {
    const pem = await exportSPKI(rsa.publicKey);
    const forged = [pem, pem.trim(), JSON.stringify(rsa.jwk), rsa.jwk.n ?? ''].map((secret) =>
      signToken(CLAIMS, new TextEncoder().encode(secret), { alg: 'HS256', kid: 'rsa-1' }),
    );
    for (const token of await Promise.all(forged)) {
      expectRefused(await ask(token), /"alg" \(Algorithm\) Header Parameter value not allowed/);
    }
  });

  it('refuses a token that is not signed, or brings its own key', async () => {
    expectRefused(await ask(new UnsecuredJWT(CLAIMS).setExpirationTime('1h').encode()), /refused/);
    const mallory = await signingKey('ES256', 'ec-1');
    const token = await new SignJWT(CLAIMS)
      .setExpirationTime('1h')
      .setProtectedHeader({ ...mallory.header, jwk: mallory.jwk, jku: 'http://127.0.0.1:9/jwks.json' })
      .sign(mallory.privateKey);
    expectRefused(await ask(token), /signature verification failed/);
  });

  it('refuses a token of a key that is not in the set', async () => {
    const stranger = await signingKey('RS256', 'rsa-9');
    expectRefused(await ask(await signedBy(stranger)), /no applicable key found/);
  });

  it('learns of a new key once the set is old enough to be asked for again, and forgets the one that is gone', async () => {
    expect((await ask(await signedBy(rsa))).status).toBe(200);
    const next = await signingKey('RS256', 'rsa-2');
    server.answer = { keys: [next.jwk] };
    const token = await signedBy(next);
    // Or else made-up key ids would have it asked for all the time.
    expectRefused(await ask(token), /no applicable key found/);
    expect(server.asked).toBe(1);

    pretendItIs(Date.now() + 31_000);
    expect((await ask(token)).status).toBe(200);
    expectRefused(await ask(await signedBy(rsa)), /no applicable key found/);
  });

  it('goes on with the keys that it has while the key server is down', async () => {
    expect((await ask(await signedBy(rsa))).status).toBe(200);
    await server.stop();
    expect((await ask(await signedBy(ec))).status).toBe(200);
  });

  it.each<[string, KeyServer['answer'] | 'down']>([
    ['is down', 'down'],
    ['does not answer', 'nothing'],
    ['fails', { status: 500 }],
    ['answers something else', { text: '<html>' }],
    ['answers JSON that is no key set', { text: '{"keys":[1]}' }],
  ])('says 503 and when to come back while the key server %s, and recovers', async (_, answer) => {
    const { answer: keys } = server;
    if (answer === 'down') await server.stop();
    else server.answer = answer;
    const token = await signedBy(rsa);

    const refused = await ask(token);
    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toBe('1');
    expect(refused.headers['www-authenticate']).toBeUndefined();
    expect(refused.json()).toMatchObject({
      code: 'auth_unavailable',
      detail: 'The key set that tokens are signed by cannot be had now',
    });

    server.answer = keys;
    if (answer === 'down') await server.start();
    expect((await ask(token)).status).toBe(200);
  });
});

/** Lets `Date` say so; everything else goes on. */
function pretendItIs(now: number): void {
  jest.useFakeTimers({
    now,
    doNotFake: [
      ...(['hrtime', 'performance', 'nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate'] as const),
      ...(['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] as const),
    ],
  });
}
