import { isNativeError } from 'node:util/types';
import type { Tracer } from '@opentelemetry/api';
import type { z } from 'zod';
import type { BearerTokens } from '../config/bearer-tokens';
import { tracedFetch } from '../telemetry/http-client-tracing';
import type { HttpQuery } from '../telemetry/http-client-tracing';
import { ServiceRefusesTokenError, ServiceUnreachableError } from './errors';

/** One service that is only read from. */
export interface ServiceSource {
  /** `inventory`, `payment`, … */
  readonly name: string;
  /** `http://host:port`. */
  readonly url: string;
  readonly tracer: Tracer;
  /** What it knows its readers by. @default nothing */
  readonly tokens?: BearerTokens | undefined;
  /** Longest wait for one answer, ms. @default 5000 */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 5_000;

/**
 * The answer to one `GET`, checked to be what the service promises.
 *
 * @throws {@link ServiceUnreachableError} when it does not answer in time, answers an error, or answers
 * something else (another program on that port); {@link ServiceRefusesTokenError} when it does not know us.
 */
export async function readService<T>(
  source: ServiceSource,
  route: string,
  query: HttpQuery,
  schema: z.ZodType<T>,
): Promise<T> {
  const unreachable = (reason: string) => new ServiceUnreachableError(source.name, source.url, reason);
  const deadline = AbortSignal.timeout(source.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  let status: number;
  let body: unknown;
  try {
    const response = await tracedFetch(source.tracer, {
      method: 'GET',
      baseUrl: source.url,
      route,
      query,
      headers: {
        accept: 'application/json',
        ...(source.tokens !== undefined && { authorization: source.tokens.authorization }),
      },
      signal: deadline,
    });
    status = response.status;
    body = await response.json();
  } catch (error) {
    throw unreachable(deadline.aborted ? 'no answer in time' : networkReason(error));
  }
  if (status === 401) throw new ServiceRefusesTokenError(source.name, source.url);
  if (status !== 200) throw unreachable(`answered ${String(status)} to GET ${route}`);
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw unreachable(`GET ${route} did not answer as the ${source.name} service does`);
  return parsed.data;
}

/** The system's word for it: `ECONNREFUSED`. */
export function networkReason(error: unknown): string {
  const cause = isNativeError(error) && isNativeError(error.cause) ? error.cause : error;
  if (!isNativeError(cause)) return String(cause);
  if ('code' in cause && typeof cause.code === 'string') return cause.code;
  return cause.name === 'SyntaxError' ? 'an answer that is not JSON' : cause.message;
}
