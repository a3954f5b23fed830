import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { FastifyInstance } from 'fastify';
import { fastify } from 'fastify';
import { httpServerTracing } from '../../../src/telemetry/http-server-tracing';
import { eventually } from '../../support/eventually';
import type { MemoryTelemetry } from './memory-telemetry';
import { memoryTelemetry } from './memory-telemetry';

const CALLER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('httpServerTracing', () => {
  let telemetry: MemoryTelemetry;
  let app: FastifyInstance;
  let url: string;
  const active: Record<string, string | undefined> = {};
  const note = (where: string) => {
    active[where] = trace.getActiveSpan()?.spanContext().spanId;
  };
  /** Resolves when an aborted request's handler may go on. */
  let release: () => void;
  let entered: Promise<unknown>;

  beforeEach(async () => {
    telemetry = memoryTelemetry('inventory-service');
    app = fastify();
    app.register(httpServerTracing, { tracer: telemetry.tracer });
    app.setErrorHandler((error, _request, reply) => {
      note('errorHandler');
      const status = (error as { statusCode?: number }).statusCode ?? 500;
      return reply.status(status).send({});
    });
    app.addHook('onResponse', (_request, _reply, done) => {
      note('onResponse');
      done();
    });
    const held = new Promise<void>((resolve) => (release = resolve));
    let enter: () => void = () => undefined;
    entered = new Promise<void>((resolve) => (enter = resolve));
    app.register((routes, _options, registered) => {
      routes.addHook('preHandler', (_request, _reply, done) => {
        note('preHandler');
        done();
      });
      routes.post('/reservations/:id', async (request) => {
        note('handler');
        await new Promise((resolve) => setImmediate(resolve));
        note('afterAwait');
        return {
          baggage: propagation.getBaggage(context.active())?.getEntry('tenant')?.value,
          body: request.body,
        };
      });
      routes.get('/refused', (_request, reply) => reply.status(409).send({}));
      routes.get('/broken', () => {
        throw new Error('secret of the implementation');
      });
      routes.get('/held', async () => {
        enter();
        await held;
        return {};
      });
      for (const path of ['/healthz', '/readyz', '/metrics']) {
        routes.get(path, () => {
          note('probe');
          return {};
        });
      }
      registered();
    });
    url = await app.listen({ host: '127.0.0.1', port: 0 });
  });

  afterEach(async () => {
    release();
    await app.close();
  });

  const spanCalled = (name: string) =>
    eventually(
      () => telemetry.spans().filter((span) => span.name === name),
      (spans) => spans.length > 0,
      name,
    ).then(() => telemetry.span(name));

  it('continues the trace of the caller, named by route and free of ids and query', async () => {
    const response = await fetch(`${url}/reservations/r-17?card=4242`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent: CALLER, baggage: 'tenant=blue' },
      body: JSON.stringify({ sku: 'SKU-1' }),
    });
    expect(await response.json()).toEqual({ baggage: 'blue', body: { sku: 'SKU-1' } });

    const span = await spanCalled('POST /reservations/:id');
    expect(span.kind).toBe(SpanKind.SERVER);
    expect(span.spanContext().traceId).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(span.parentSpanContext).toMatchObject({ spanId: 'b7ad6b7169203331', isRemote: true });
    expect(span.status.code).toBe(SpanStatusCode.UNSET);
    expect(span.attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/reservations/:id',
      'http.response.status_code': 200,
      'url.path': '/reservations/r-17',
      'url.scheme': 'http',
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(url).port),
      'network.protocol.version': '1.1',
    });
  });

  it('is active in hooks and handlers, also after a body was read', async () => {
    await fetch(`${url}/reservations/1`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ padding: 'x'.repeat(500_000) }),
    });
    const { spanId } = (await spanCalled('POST /reservations/:id')).spanContext();
    await eventually(
      () => active['onResponse'],
      (seen) => seen === spanId,
      'onResponse',
    );
    expect(active).toMatchObject({ preHandler: spanId, handler: spanId, afterAwait: spanId });
  });

  it('is active where a malformed body is answered', async () => {
    const response = await fetch(`${url}/reservations/1`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{'.repeat(500_000),
    });
    expect(response.status).toBe(400);
    const span = await spanCalled('POST /reservations/:id');
    expect(active['errorHandler']).toBe(span.spanContext().spanId);
  });

  it('leaves a 4xx unset and makes a 5xx an error, without its text', async () => {
    await fetch(`${url}/refused`);
    const refused = await spanCalled('GET /refused');
    expect(refused.status).toEqual({ code: SpanStatusCode.UNSET });
    expect(refused.attributes).toMatchObject({ 'http.response.status_code': 409 });
    expect(refused.attributes).not.toHaveProperty(['error.type']);

    await fetch(`${url}/broken`);
    const broken = await spanCalled('GET /broken');
    expect(broken.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(broken.attributes).toMatchObject({ 'http.response.status_code': 500, 'error.type': '500' });
    expect(broken.events).toEqual([]);
  });

  it('names an unknown path by its method alone', async () => {
    await fetch(`${url}/orders/4711`);
    const span = await spanCalled('GET');
    expect(span.attributes).toMatchObject({ 'http.response.status_code': 404 });
    expect(span.attributes).not.toHaveProperty(['http.route']);
  });

  it('ends once, as an error, when the client goes away', async () => {
    const request = httpRequest(`${url}/held`);
    request.on('error', () => undefined);
    request.end();
    await entered;
    request.destroy();
    const span = await spanCalled('GET /held');
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(span.attributes).toMatchObject({ 'error.type': 'client_disconnected' });
    expect(span.attributes).not.toHaveProperty(['http.response.status_code']);
    release();
    await fetch(`${url}/refused`);
    await spanCalled('GET /refused');
    expect(telemetry.span('GET /held')).toBe(span);
  });

  it.each(['/healthz', '/readyz', '/metrics?x=1'])('does not trace %s', async (path) => {
    delete active['probe'];
    await fetch(url + path, { headers: { traceparent: CALLER } });
    await fetch(`${url}/refused`);
    await spanCalled('GET /refused');
    expect(telemetry.spans()).toHaveLength(1);
    expect(active['probe']).toBeUndefined();
  });
});
