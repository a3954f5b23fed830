import { afterEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { buildCodecApp } from '../../../src/codec/codec-app';
import { startCodecServer } from '../../../src/codec/start-codec-server';
import { ConfigError, loadConfig } from '../../../src/config/config';
import type { HttpApp } from '../../../src/http/http-app';
import { newPayloadKeys } from '../../support/payload-keys';
import { testTelemetry } from '../../support/services-telemetry';

const UI = 'http://127.0.0.1:8233';
const TOKEN = 'the-token-of-the-codec-0123456789';
const KEYS = newPayloadKeys('k1');

const apps: HttpApp[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

function codecApp(settings: Readonly<Record<string, string>> = {}): HttpApp {
  const config = loadConfig({ PAYLOAD_KEYS: KEYS, CODEC_UI_ORIGIN: UI, ...settings });
  const app = buildCodecApp({ config, telemetry: testTelemetry() });
  apps.push(app);
  return app;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');
const PLAIN = { metadata: { encoding: base64('json/plain') }, data: base64('{"name":"A. Buyer"}') };

interface Payloads {
  readonly payloads: readonly (typeof PLAIN)[];
}

async function ask(app: HttpApp, path: string, body: unknown, headers: Record<string, string> = {}) {
  return app.inject({
    method: 'POST',
    url: path,
    headers: { 'content-type': 'application/json', ...headers },
    payload: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

describe('the codec server', () => {
  it('decodes what it encodes, and what is not encoded it leaves as it is', async () => {
    const app = codecApp();
    const encoded = (await ask(app, '/encode', { payloads: [PLAIN] })).json<Payloads>();
    expect(JSON.stringify(encoded)).not.toContain(PLAIN.data);
    const { payloads } = (
      await ask(app, '/decode', { payloads: [...encoded.payloads, PLAIN, { data: base64('x') }] })
    ).json<Payloads>();
    expect(payloads).toEqual([PLAIN, PLAIN, { metadata: {}, data: base64('x') }]);
    expect((await ask(app, '/decode', { payloads: [] })).json()).toEqual({ payloads: [] });
  });

  it('takes as much as one message of Temporal has', async () => {
    const data = randomBytes(2 * 1024 * 1024).toString('base64');
    expect((await ask(codecApp(), '/encode', { payloads: [{ ...PLAIN, data }] })).statusCode).toBe(200);
    const tooMuch = await ask(codecApp(), '/encode', { payloads: [{ ...PLAIN, data: data.repeat(2) }] });
    expect(tooMuch.statusCode).toBe(413);
  });

  it.each<[string, unknown]>([
    ['no JSON', '{"payloads":'],
    ['no payloads', {}],
    ['payloads that are no list', { payloads: 'x' }],
    ['data that is no base64', { payloads: [{ ...PLAIN, data: '{"name":1}' }] }],
    ['metadata that is no base64', { payloads: [{ ...PLAIN, metadata: { encoding: 'json/plain' } }] }],
  ])('answers %s with a problem that names the field', async (_, body) => {
    const response = await ask(codecApp(), '/decode', body);
    expect(response.statusCode).toBe(400);
    expect(response.headers['content-type']).toContain('application/problem+json');
    expect(response.json<{ errors: unknown[] }>().errors).not.toHaveLength(0);
  });

  it('answers what it cannot decrypt with a problem that says which key it wants', async () => {
    const foreign = codecApp({ PAYLOAD_KEYS: newPayloadKeys('k2') });
    const { payloads } = (await ask(foreign, '/encode', { payloads: [PLAIN] })).json<Payloads>();
    const response = await ask(codecApp(), '/decode', { payloads });
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({
      code: 'invalid_request',
      detail: expect.stringContaining('the key "k2"'),
    });
    const changed = { ...payloads[0]!, data: base64('what somebody else wrote, of that length') };
    expect((await ask(foreign, '/decode', { payloads: [changed] })).statusCode).toBe(400);
  });
});

describe('a web page', () => {
  const preflight = (app: HttpApp, origin: string) =>
    app.inject({
      method: 'OPTIONS',
      url: '/decode',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,x-namespace',
      },
    });

  it.each(['', TOKEN])('of the UI may ask, also when the server wants a token (%p)', async (token) => {
    const app = codecApp({ CODEC_TOKEN: token });
    const allowed = await preflight(app, UI);
    expect(allowed.statusCode).toBe(204);
    expect(allowed.headers).toMatchObject({
      'access-control-allow-origin': UI,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'authorization,content-type,x-namespace',
      vary: 'Origin',
    });
    const headers = { origin: UI, 'x-namespace': 'default', authorization: `Bearer ${token}` };
    const answer = await ask(app, '/decode', { payloads: [PLAIN] }, headers);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['access-control-allow-origin']).toBe(UI);
  });

  it.each(['http://evil.example', 'http://127.0.0.1:8234', 'https://127.0.0.1:8233', 'null'])(
    'of %s may not',
    async (origin) => {
      for (const settings of [{}, { CODEC_UI_ORIGIN: '' }]) {
        const app = codecApp(settings);
        const refused = [
          await preflight(app, origin),
          await ask(app, '/decode', { payloads: [] }, { origin }),
        ];
        for (const { statusCode, headers } of refused) {
          expect(statusCode).toBe(403);
          expect(headers['access-control-allow-origin']).toBeUndefined();
        }
      }
    },
  );

  it('may not whose name somebody else has pointed at this machine', async () => {
    const answer = await ask(codecApp(), '/decode', { payloads: [] }, { host: 'rebound.example:8081' });
    expect(answer.statusCode).toBe(421);
  });
});

describe('with CODEC_TOKEN', () => {
  it.each([undefined, `Bearer ${TOKEN}x`])('the codec server answers %p with 401', async (authorization) => {
    const headers = authorization === undefined ? {} : { authorization };
    const answer = await ask(codecApp({ CODEC_TOKEN: TOKEN }), '/decode', { payloads: [PLAIN] }, headers);
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });
});

describe('the codec server does not start', () => {
  it.each([
    ['without keys', {}, 'PAYLOAD_KEYS'],
    ['beyond this machine without a token', { PAYLOAD_KEYS: KEYS, HOST: '0.0.0.0' }, 'CODEC_TOKEN'],
  ])('%s', async (_, settings: Readonly<Record<string, string>>, variable) => {
    const start = startCodecServer(loadConfig({ LOG_LEVEL: 'silent', ...settings }));
    await expect(start).rejects.toThrow(ConfigError);
    await expect(start).rejects.toThrow(variable);
  });
});
