import type { Span, Tracer } from '@opentelemetry/api';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { errorTypeOf } from './error-type';
import { httpMethod } from './http-method';
import { ATTR, EXCEPTION_EVENT } from './semconv';

/** Parameters of a URL's query. */
export type HttpQuery = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** One HTTP request to another service. */
export interface TracedRequest {
  readonly method: string;
  /** `http://host:port`, without a path of its own. */
  readonly baseUrl: string;
  /** The path, with `{name}` where a value of {@link params} goes; it names the span. */
  readonly route: string;
  /** The values of the route's `{name}`s; they are escaped. */
  readonly params?: Readonly<Record<string, string>>;
  /** One that has several values is there several times. */
  readonly query?: HttpQuery;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ends the request when it fires; the caller's deadline and cancellation. */
  readonly signal?: AbortSignal;
}

/**
 * `fetch` in a CLIENT span named `METHOD /route`, which the called service continues (`traceparent`, `baggage`).
 *
 * Any answer is returned, and one of 400 or more makes the span an ERROR, as the HTTP conventions want it of
 * clients. Neither body, headers nor the values of the query are on the span. It ends when the headers have come.
 *
 * @throws what `fetch` throws: a network error, or the signal's reason. The span then says only its type or code.
 */
export async function tracedFetch(tracer: Tracer, request: TracedRequest): Promise<Response> {
  const url = urlOf(request);
  const method = httpMethod(request.method);
  const span = tracer.startSpan(`${method ?? 'HTTP'} ${request.route}`, {
    kind: SpanKind.CLIENT,
    attributes: {
      [ATTR.httpRequestMethod]: method ?? '_OTHER',
      [ATTR.urlFull]: printable(url),
      [ATTR.serverAddress]: url.hostname,
      [ATTR.serverPort]: portOf(url),
    },
  });
  const active = trace.setSpan(context.active(), span);
  const headers: Record<string, string> = { ...request.headers };
  propagation.inject(active, headers);
  try {
    const response = await context.with(active, () =>
      fetch(url, {
        method: request.method,
        headers,
        ...(request.body !== undefined && { body: request.body }),
        ...(request.signal !== undefined && { signal: request.signal }),
      }),
    );
    span.setAttribute(ATTR.httpResponseStatusCode, response.status);
    if (response.status >= 400) {
      span.setAttribute(ATTR.errorType, String(response.status)).setStatus({ code: SpanStatusCode.ERROR });
    }
    return response;
  } catch (error) {
    recordError(span, error);
    throw error;
  } finally {
    span.end();
  }
}

function urlOf({ baseUrl, route, params = {}, query = {} }: TracedRequest): URL {
  const path = route.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new TypeError(`${route} needs a value for {${name}}`);
    return encodeURIComponent(value);
  });
  const url = new URL(baseUrl + path);
  for (const [name, value] of Object.entries(query)) {
    const values = typeof value === 'object' ? value : value === undefined ? [] : [String(value)];
    for (const one of values) url.searchParams.append(name, one);
  }
  return url;
}

/** The URL as a span may show it: which parameters there were, not what they said, and no credentials. */
function printable(url: URL): string {
  const names = [...url.searchParams.keys()].map((name) => `${encodeURIComponent(name)}=REDACTED`);
  return url.origin + url.pathname + (names.length > 0 ? `?${names.join('&')}` : '');
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

function recordError(span: Span, error: unknown): void {
  const type = errorTypeOf(error);
  span.addEvent(EXCEPTION_EVENT, { [ATTR.exceptionType]: type });
  span.setAttribute(ATTR.errorType, type).setStatus({ code: SpanStatusCode.ERROR });
}
