import type { Span, Tracer } from '@opentelemetry/api';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { FastifyPluginCallback, FastifyRequest } from 'fastify';
import { httpMethod } from './http-method';
import { ATTR } from './semconv';

/** What machines poll: a span for each would bury the traces that matter. */
const UNTRACED_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

/**
 * Gives every request one SERVER span, a child of the caller's `traceparent`, active in all hooks and handlers
 * and ended exactly once: when the response is out or when the client has gone.
 *
 * Named `METHOD /route-template`; no query string and no value of a route's parameter is in the name. A 4xx
 * leaves the status UNSET, as the HTTP conventions want it of servers; a 5xx is an ERROR, and so is a client that
 * went away (`error.type` = `client_disconnected`). `/healthz`, `/readyz` and `/metrics` are not traced.
 *
 * @example app.register(httpServerTracing, { tracer });
 */
export const httpServerTracing: FastifyPluginCallback<{ tracer: Tracer }> = (app, { tracer }, registered) => {
  app.addHook('onRequest', (request, reply, done) => {
    if (UNTRACED_PATHS.has(pathOf(request))) {
      done();
      return;
    }
    const caller = propagation.extract(context.active(), request.headers);
    const span = tracer.startSpan(
      spanName(request),
      { kind: SpanKind.SERVER, attributes: attributesOf(request) },
      caller,
    );
    const active = trace.setSpan(caller, span);
    reply.raw.once('close', () => {
      endSpan(span, reply.raw.writableFinished, reply.statusCode);
    });
    // Fastify carries it on through the reading of a body, which Node does outside of any request.
    context.with(active, done);
  });

  registered();
};

// Without encapsulation, the hooks hold for the routes of the app that registers the plugin.
Object.assign(httpServerTracing, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'http-server-tracing',
});

function endSpan(span: Span, responded: boolean, statusCode: number): void {
  if (!responded) {
    span.setAttribute(ATTR.errorType, 'client_disconnected').setStatus({ code: SpanStatusCode.ERROR });
  } else {
    span.setAttribute(ATTR.httpResponseStatusCode, statusCode);
    if (statusCode >= 500) {
      span.setAttribute(ATTR.errorType, String(statusCode)).setStatus({ code: SpanStatusCode.ERROR });
    }
  }
  span.end();
}

function spanName(request: FastifyRequest): string {
  const method = httpMethod(request.method) ?? 'HTTP';
  const route = request.routeOptions.url;
  return route === undefined ? method : `${method} ${route}`;
}

function attributesOf(request: FastifyRequest) {
  const route = request.routeOptions.url;
  return {
    [ATTR.httpRequestMethod]: httpMethod(request.method) ?? '_OTHER',
    ...(route !== undefined && { [ATTR.httpRoute]: route }),
    [ATTR.urlPath]: pathOf(request),
    [ATTR.urlScheme]: request.protocol,
    [ATTR.serverAddress]: request.hostname,
    ...(request.port !== null && { [ATTR.serverPort]: request.port }),
    [ATTR.networkProtocolVersion]: request.raw.httpVersion,
  };
}

function pathOf(request: FastifyRequest): string {
  const query = request.url.indexOf('?');
  return query === -1 ? request.url : request.url.slice(0, query);
}
