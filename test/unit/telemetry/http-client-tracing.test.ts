import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { context, propagation, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { tracedFetch } from '../../../src/telemetry/http-client-tracing';
import type { MemoryTelemetry } from './memory-telemetry';
import { memoryTelemetry } from './memory-telemetry';

describe('tracedFetch', () => {
  let telemetry: MemoryTelemetry;
  let server: Server;
  let baseUrl: string;
  let seen: { url: string; headers: IncomingHttpHeaders };
  let status: number;

  beforeEach(async () => {
    telemetry = memoryTelemetry('order-service');
    status = 200;
    server = createServer((request, response) => {
      seen = { url: request.url ?? '', headers: request.headers };
      if (request.url === '/silent') return;
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"ok":true}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    baseUrl = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('hands the span and the baggage to the called service', async () => {
    const baggage = propagation.createBaggage({ tenant: { value: 'blue' } });
    const response = await context.with(propagation.setBaggage(context.active(), baggage), () =>
      tracedFetch(telemetry.tracer, {
        method: 'GET',
        baseUrl,
        route: '/orders/{id}',
        params: { id: 'a/b' },
        query: { token: 'secret', limit: 5, cursor: undefined },
      }),
    );
    expect(await response.json()).toEqual({ ok: true });
    const span = telemetry.span('GET /orders/{id}');
    const { traceId, spanId } = span.spanContext();
    expect(seen.url).toBe('/orders/a%2Fb?token=secret&limit=5');
    expect(seen.headers).toMatchObject({ traceparent: `00-${traceId}-${spanId}-01`, baggage: 'tenant=blue' });
    expect(span.kind).toBe(SpanKind.CLIENT);
    expect(span.status.code).toBe(SpanStatusCode.UNSET);
    expect(span.attributes).toEqual({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(baseUrl).port),
      'url.full': `${baseUrl}/orders/a%2Fb?token=REDACTED&limit=REDACTED`,
    });
  });

  it.each([409, 503])('returns a %d and makes it an error of the client span', async (answer) => {
    status = answer;
    const response = await tracedFetch(telemetry.tracer, {
      method: 'POST',
      baseUrl,
      route: '/payments',
      body: '{}',
    });
    expect(response.status).toBe(answer);
    const span = telemetry.span('POST /payments');
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(span.attributes).toMatchObject({
      'http.response.status_code': answer,
      'error.type': String(answer),
    });
  });

  it('names the network error when nobody listens', async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await expect(
      tracedFetch(telemetry.tracer, { method: 'POST', baseUrl, route: '/payments', body: 'pm_secret' }),
    ).rejects.toThrow('fetch failed');
    const span = telemetry.span('POST /payments');
    expect(span.attributes).toMatchObject({ 'error.type': 'ECONNREFUSED' });
    expect(span.events).toMatchObject([
      { name: 'exception', attributes: { 'exception.type': 'ECONNREFUSED' } },
    ]);
    expect(JSON.stringify([span.attributes, span.events, span.status])).not.toContain('secret');
  });

  it('names the deadline when no answer comes in time, and throws it', async () => {
    await expect(
      tracedFetch(telemetry.tracer, {
        method: 'GET',
        baseUrl,
        route: '/silent',
        signal: AbortSignal.timeout(50),
      }),
    ).rejects.toThrow(expect.objectContaining({ name: 'TimeoutError' }));
    expect(telemetry.span('GET /silent').attributes).toMatchObject({ 'error.type': 'TimeoutError' });
  });
});
