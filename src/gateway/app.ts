import { trace } from '@opentelemetry/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpApp } from '../http/http-app';
import { createHttpApp } from '../http/http-app';
import type { Problem } from '../http/problem';
import { createAuthenticator, requireScope } from './auth';
import type { GatewayDeps } from './gateway-deps';
import { wantsPage } from './headers';
import { renderErrorPage } from './pages';
import { harden } from './hardening';
import { describeApi } from './openapi';
import { gatewayProblem } from './problems';
import accepts from '@fastify/accepts';
import { operateRoutes } from './routes/operate';
import { pageRoutes, sendPage } from './routes/pages';
import { placeOrderRoute } from './routes/place-order';
import { readOrderRoutes } from './routes/read-orders';

/** Longest time to receive a request, and that a connection may be idle, ms. */
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 72_000;

/** A request id that a client may choose; any other is replaced. */
const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** The gateway, ready to listen; what it works with is the caller's to close. */
export async function buildGatewayApp(deps: GatewayDeps): Promise<HttpApp> {
  const { config, telemetry } = deps;
  const app = createHttpApp({
    telemetry,
    ready: deps.ready,
    problemOf: gatewayProblem,
    sendOtherwise: sendErrorPage,
    server: {
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      trustProxy: config.gateway.trustProxy,
      rewriteUrl: ({ url = '/' }) => decodable(url),
      requestIdHeader: false,
      genReqId: ({ headers }) => {
        const named = headers['x-request-id'];
        return typeof named === 'string' && REQUEST_ID.test(named) ? named : crypto.randomUUID();
      },
    },
  });
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  await app.register(accepts);
  await harden(app, config.gateway);
  identify(app, deps);
  await describeApi(app, config.gateway.auth !== undefined);

  placeOrderRoute(app, deps);
  readOrderRoutes(app, deps);
  pageRoutes(app, deps);
  // In a scope of its own: elsewhere, a form is no body that is understood.
  await app.register((scope) => operateRoutes(scope, deps));
  return app;
}

/** What a browser is shown instead of problem+json. */
function sendErrorPage(
  problem: Problem,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply | undefined {
  return wantsPage(request) ? sendPage(reply.code(problem.status), renderErrorPage(problem)) : undefined;
}

/**
 * The URL as it is, or with its percent signs taken literally where they encode nothing: such a path names nothing, and
 * is answered so as any other, instead of past every hook.
 */
function decodable(url: string): string {
  try {
    decodeURIComponent(url.replace(/\?.*/, ''));
    return url;
  } catch {
    return url.replaceAll('%', '%25');
  }
}

/** Who asks, under which id and in which trace: on every request and every answer. */
function identify(app: HttpApp, { config }: GatewayDeps): void {
  const authenticate = createAuthenticator(config.gateway);
  app.decorateRequest('caller');
  app.decorateReply('orderTraceId', undefined);
  app.addHook('onRequest', async (request) => {
    const { scope } = request.routeOptions.config;
    if (scope === undefined) return;
    request.caller = await authenticate(request);
    requireScope(request.caller, scope);
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    const traceId = reply.orderTraceId ?? trace.getActiveSpan()?.spanContext().traceId;
    reply.header('x-request-id', request.id);
    if (traceId !== undefined) reply.header('x-trace-id', traceId);
    done(null, payload);
  });
}
