import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHttpApp } from '../../../src/http/http-app';
import type { HttpApp } from '../../../src/http/http-app';
import { eventually } from '../../support/eventually';
import { testTelemetry } from '../../support/services-telemetry';

/** Far below the time that an idle connection is kept, which is what a close would last without help. */
const LIMIT_MS = 30_000;

let app: HttpApp;
let port: number;
/** What reached the app, its close included; a slow request is answered once it closes. */
let asked: string[];
const sockets: Socket[] = [];

beforeEach(async () => {
  asked = [];
  let answer: (() => void) | undefined;
  app = createHttpApp({
    telemetry: testTelemetry(),
    ready: () => Promise.resolve(),
    server: { keepAliveTimeout: 10 * LIMIT_MS },
  });
  app.addHook('onRequest', ({ url }, _reply, done) => {
    asked.push(url);
    done();
  });
  app.addHook('preClose', (done) => {
    asked.push('(close)');
    answer?.();
    done();
  });
  app.get('/slow', async () => {
    await new Promise<void>((resolve) => (answer = resolve));
    return { done: true };
  });
  app.post('/echo', (request) => request.body);
  port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await app.close();
});

/** A client that has connected and sends `text`; `received` grows with what comes back. */
async function client(text = ''): Promise<{ readonly socket: Socket; received: string }> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  const state = { socket, received: '' };
  socket.on('data', (chunk: Buffer) => (state.received += chunk.toString()));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(text);
  return state;
}

/** Closes the app; fails when that takes as long as an idle connection lives. */
async function close(): Promise<void> {
  let closed = false;
  void app.close().then(() => (closed = true));
  await eventually(
    () => closed,
    (is) => is,
    'the app is closed',
    LIMIT_MS,
  );
}

const GET = (path: string) => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`;
const HALF_A_HEAD = 'POST /echo HTTP/1.1\r\nhost: loc';
const HALF_A_BODY =
  'POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{';

function hasBeenAsked(url: string): Promise<unknown> {
  return eventually(
    () => asked,
    (urls) => urls.includes(url),
    `${url} is asked for`,
  );
}

describe('an app that closes', () => {
  it.each([
    ['asks nothing', ''],
    ['has sent half a head', HALF_A_HEAD],
  ])('does not wait for a client that %s', async (_what, text) => {
    await client(text);
    await fetch(`http://127.0.0.1:${String(port)}/healthz`);
    await close();
  });

  it('does not wait for ever for the rest of a body', async () => {
    await client(HALF_A_BODY);
    await hasBeenAsked('/echo');
    await close();
  });

  it('answers what is under way, and keeps no connection for more', async () => {
    const asking = await client(GET('/slow'));
    await hasBeenAsked('/slow');
    await close();
    expect(asking.received).toMatch(/^HTTP\/1\.1 200 [^]*"done":true/);
    expect(asking.received).toMatch(/^connection: close\r$/im);
  });

  it('answers as ever what comes meanwhile on a connection that is open', async () => {
    const asking = await client(GET('/healthz') + HALF_A_HEAD);
    await eventually(
      () => asking.received,
      (received) => received.includes('"ok"'),
      'the first request is answered',
    );
    const closing = close();
    await hasBeenAsked('(close)');
    asking.socket.write('alhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}');
    await closing;
    expect(asking.received).toMatch(/HTTP\/1\.1 200 [^]*HTTP\/1\.1 200 /);
    expect(asking.received).not.toContain(' 503 ');
  });
});
