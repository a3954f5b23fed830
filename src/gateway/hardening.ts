import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import type { FastifyRequest } from 'fastify';
import type { Config } from '../config/config';
import type { HttpApp } from '../http/http-app';
import { pathOf, PROBE_PATHS } from '../http/http-app';
import { isLoopback } from '../http/loopback';
import { ProblemError } from '../http/problem';

/** Scripts, styles and forms of our own only; nobody frames us. */
const CONTENT_SECURITY_POLICY = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  },
};

/** Refuses what no well-meant request does, and what we cannot carry. */
export async function harden(app: HttpApp, config: Config['gateway']): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: CONTENT_SECURITY_POLICY,
    strictTransportSecurity: false,
    // Under `no-referrer`, browsers hide the origin of our own forms from us as well.
    referrerPolicy: { policy: 'same-origin' },
  });
  if (config.maxEventLoopDelayMs > 0) {
    await app.register(underPressure, {
      maxEventLoopDelay: config.maxEventLoopDelayMs,
      pressureHandler: (request) => {
        if (!isProbe(request)) throw new ProblemError('overloaded', 'Too many requests at once: try again');
      },
    });
  }
  if (config.rateLimit > 0) {
    await app.register(rateLimit, {
      max: config.rateLimit,
      timeWindow: '1 minute',
      allowList: isProbe,
      errorResponseBuilder: (_request, { max, after }) =>
        new ProblemError('rate_limited', `At most ${String(max)} requests a minute; try again in ${after}`),
    });
  }
  app.addHook('onRequest', (request, _reply, done) => {
    assertOwnHost(request, config);
    assertOwnOrigin(request);
    done();
  });
}

/**
 * A gateway without authentication serves only this machine, and a name that somebody else's DNS points at it is not
 * this machine's: without this, any web page could read it through its visitors' browsers (DNS rebinding).
 */
function assertOwnHost(request: FastifyRequest, { auth, insecure }: Config['gateway']): void {
  if (auth !== undefined || insecure || isLoopback(request.hostname)) return;
  throw new ProblemError('misdirected', 'Without authentication, only requests for localhost are served');
}

/** A page of somebody else's must not make its visitors' browsers change anything here (CSRF). */
function assertOwnOrigin(request: FastifyRequest): void {
  const { origin } = request.headers;
  if (request.method === 'GET' || request.method === 'HEAD' || origin === undefined) return;
  if (URL.canParse(origin) && new URL(origin).host === request.host) return;
  throw new ProblemError('forbidden', 'Requests of pages from elsewhere are refused');
}

/** What asks whether we live must be answered whatever the load. */
function isProbe(request: FastifyRequest): boolean {
  return PROBE_PATHS.has(pathOf(request));
}
