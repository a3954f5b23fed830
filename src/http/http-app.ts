import Fastify, { LogController } from 'fastify';
import type {
  FastifyBaseLogger,
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifyServerOptions,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { fieldErrors } from '../domain/order-schema';
import { httpServerTracing } from '../telemetry/http-server-tracing';
import type { Telemetry } from '../telemetry/telemetry';
import { allowedMethods } from './allowed-methods';
import { closeInTime } from './closing';
import { measureRequests } from './http-metrics';
import { ChallengeError, httpProblem, problemOf, ProblemError } from './problem';
import type { Problem } from './problem';

const DEFAULT_BODY_LIMIT_BYTES = 100 * 1024;
/** No limit: Node takes no request line that is longer, and a value that cannot be one is for its route to refuse. */
const LONGEST_PATH_PARAMETER = 16 * 1024;

/** What machines poll, whoever they are. */
export const PROBE_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

/** A Fastify app whose routes are typed by their zod schemas. */
export type HttpApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** A problem and the headers that go with it. */
export interface ProblemAnswer {
  readonly problem: Problem;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What an HTTP app has besides its routes. */
export interface HttpAppOptions {
  readonly telemetry: Telemetry;
  /** Fails when the app cannot do its work. */
  readonly ready: () => Promise<unknown>;
  /** Frees everything, after the last request has been answered; none: the caller does. */
  readonly close?: () => Promise<void>;
  /**
   * Throws for a request that is not let in: before anything else is done with it, also before its trace is continued.
   * Probes are let in always. @default everything is
   */
  readonly admit?: (request: FastifyRequest) => void;
  /** What errors of the app's own mean to its callers; undefined for those that it does not know. */
  readonly problemOf?: (error: unknown, request: FastifyRequest) => ProblemAnswer | undefined;
  /** Sends a problem in another form than problem+json; undefined: it did not. */
  readonly sendOtherwise?: (
    problem: Problem,
    request: FastifyRequest,
    reply: FastifyReply,
  ) => FastifyReply | undefined;
  /** @default 100 KiB */
  readonly bodyLimit?: number;
  /** More for `/metrics`, in Prometheus's text format. */
  readonly moreMetrics?: () => Promise<string>;
  /** More of Fastify's own options. */
  readonly server?: Pick<
    FastifyServerOptions,
    'requestTimeout' | 'keepAliveTimeout' | 'trustProxy' | 'requestIdHeader' | 'genReqId' | 'rewriteUrl'
  >;
}

/**
 * The ground of everything here that answers HTTP: zod validation, problem+json (RFC 9457) for every error, tracing,
 * `GET /healthz`, `/readyz` and `/metrics`. No body, address or token is ever logged.
 */
export function createHttpApp(options: HttpAppOptions): HttpApp {
  const { telemetry, ready, close, bodyLimit = DEFAULT_BODY_LIMIT_BYTES } = options;
  const answerError = (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const { problem, headers = {} } =
      options.problemOf?.(error, request) ?? answerToAnything(error, bodyLimit);
    if (problem.status >= 500)
      request.log.error({ err: error }, `${request.method} ${pathOf(request)} failed`);
    reply.headers(headers);
    return options.sendOtherwise?.(problem, request, reply) ?? sendProblem(request, reply, problem);
  };
  const logger: FastifyBaseLogger = telemetry.logger;
  const app: HttpApp = Fastify({
    ...options.server,
    loggerInstance: logger,
    // The SERVER span says what a line per request would say.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    // What comes on a connection that is still open is answered as ever.
    return503OnClosing: false,
    // A path that is not even a path (`/%`) gets past every other handler.
    frameworkErrors: (error, request, reply) => {
      answerError(refusalOf(options.admit, request) ?? error, request, reply);
    },
    routerOptions: { maxParamLength: LONGEST_PATH_PARAMETER },
  }).withTypeProvider<ZodTypeProvider>();

  closeInTime(app);
  app.removeContentTypeParser('text/plain');
  app.addHook('onRequest', (request, _reply, done) => {
    // By the route that was found, not by how its path was written.
    if (PROBE_PATHS.has(request.routeOptions.url ?? '')) done();
    else done(refusalOf(options.admit, request));
  });
  app.register(httpServerTracing, { tracer: telemetry.tracer });
  app.setValidatorCompiler<z.ZodType>(
    ({ schema, httpPart }) =>
      (data: unknown) =>
        validate(schema, httpPart, data),
  );
  app.setErrorHandler(answerError);
  const methodsOf = allowedMethods(app);
  const refuseUnknown = (request: FastifyRequest, reply: FastifyReply): never => {
    const path = pathOf(request);
    const allowed = methodsOf(path).join(', ');
    if (allowed === '') throw new ProblemError('not_found', `There is no ${path}`);
    reply.header('allow', allowed);
    throw new ProblemError('method_not_allowed', `${path} takes ${allowed}`);
  };
  // Whatever came with it: the body of such a request is not even read.
  app.addHook('preParsing', (request, reply, _payload, done) => {
    if (request.is404) refuseUnknown(request, reply);
    done();
  });
  app.setNotFoundHandler(refuseUnknown);
  if (close !== undefined) app.addHook('onClose', close);

  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async (request, reply) => {
    try {
      await ready();
      return { status: 'ok' };
    } catch (error) {
      request.log.warn({ err: error }, 'not ready');
      return reply.code(503).send({ status: 'unavailable' });
    }
  });
  measureRequests(app, telemetry.metrics.meter);
  app.get('/metrics', async (_request, reply) => {
    const texts = await Promise.all([telemetry.metrics.text(), options.moreMetrics?.() ?? '']);
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(texts.join(''));
  });
  return app;
}

/** Sends the problem as RFC 9457 has it; `instance` is the request's path. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem): FastifyReply {
  return reply
    .code(problem.status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .serializer(JSON.stringify)
    .send({ ...problem, instance: pathOf(request) });
}

function refusalOf(admit: HttpAppOptions['admit'], request: FastifyRequest): Error | undefined {
  try {
    admit?.(request);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

function answerToAnything(error: unknown, bodyLimit: number): ProblemAnswer {
  return {
    problem: problemOfAnything(error, bodyLimit),
    ...(error instanceof ChallengeError && { headers: { 'www-authenticate': error.challenge } }),
  };
}

function problemOfAnything(error: unknown, bodyLimit: number): Problem {
  if (error instanceof ProblemError) return problemOf(error);
  const { statusCode, code, message } = error as Partial<FastifyError>;
  if (statusCode === 413) {
    return httpProblem(413, `A body may have ${String(bodyLimit)} bytes`);
  }
  if (statusCode === 415) {
    return httpProblem(415, 'Send the body as application/json');
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return code?.startsWith('FST_ERR_CTP') === true || error instanceof SyntaxError
      ? malformed('(body)', 'The body is not valid JSON')
      : malformed('(request)', message ?? 'The request is malformed');
  }
  return problemOf(new ProblemError('internal_error', 'The service failed; the failure has been logged'));
}

function malformed(field: string, message: string): Problem {
  return problemOf(new ProblemError('invalid_request', message, { errors: [{ field, message }] }));
}

function validate(schema: z.ZodType, part: string | undefined, data: unknown) {
  const parsed = schema.safeParse(data);
  if (parsed.success) return { value: parsed.data };
  const errors = fieldErrors(parsed.error);
  const named = errors.map(({ field, message }) => `${field}: ${message}`).join('; ');
  return { error: new ProblemError('invalid_request', `Invalid ${part ?? 'request'}: ${named}`, { errors }) };
}

/** The path alone: a query string is not ours to repeat. */
export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}
