import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Tracer } from '@opentelemetry/api';
import { isErrorCode, isRefusal } from '../domain/errors';
import type { BearerTokens } from '../config/bearer-tokens';
import { refusal } from '../saga/outcome';
import { tracedFetch } from '../telemetry/http-client-tracing';
import { reasonOf } from './reason';

/** Where a service is, what traces calls to it, and what it knows its callers by. */
export interface ServiceClientDeps {
  readonly tracer: Tracer;
  readonly baseUrl: string;
  readonly tokens: BearerTokens | undefined;
}

/** One mutating call. */
export interface ServiceCall {
  /** `/reservations`: the route is also the span's name, so it holds no id. */
  readonly route: string;
  readonly key: string;
  readonly body: object;
}

/** Share of the attempt's time that the HTTP call may take, so that its outcome is still reported in time. */
const DEADLINE_SHARE = 0.9;

/**
 * Statuses below 500 that say "later", not "no" (RFC 9110, RFC 6585). 401 is one: the token is being changed, or somebody
 * has to correct it, and the service has looked at nothing else. So is 421: the service takes calls under another name.
 */
const RETRYABLE_STATUSES: ReadonlySet<number> = new Set([401, 408, 421, 425, 429]);

/**
 * Posts one step or compensation, within the time of the attempt, and sorts the answer by what it means for
 * the saga:
 *
 * - 2xx: done.
 * - a business refusal (see `ERRORS`): a {@link refusal}, final, nothing done.
 * - any other 4xx: not retried, outcome unknown: the request is wrong, not necessarily the effect absent.
 * - 401, 408, 421, 425, 429, 5xx, no answer, no readable answer: retried; unknown when attempts run out.
 */
export async function callService<Response>(deps: ServiceClientDeps, call: ServiceCall): Promise<Response> {
  const { cancellationSignal, info } = Context.current();
  const deadline = AbortSignal.timeout(Math.ceil(info.startToCloseTimeoutMs * DEADLINE_SHARE));
  const name = `POST ${call.route}`;
  let response: globalThis.Response;
  let body: unknown;
  try {
    response = await tracedFetch(deps.tracer, {
      method: 'POST',
      baseUrl: deps.baseUrl,
      route: call.route,
      headers: {
        'content-type': 'application/json',
        'idempotency-key': call.key,
        ...(deps.tokens !== undefined && { authorization: deps.tokens.authorization }),
      },
      body: JSON.stringify(call.body),
      signal: AbortSignal.any([deadline, cancellationSignal]),
    });
    body = await response.json();
  } catch (error) {
    const reason = deadline.aborted ? 'no answer in time' : describeNetworkError(error);
    throw ApplicationFailure.retryable(`${name}: ${reason}`, 'no_answer');
  }
  if (response.ok) return body as Response;
  throw failureOf(name, response.status, body, call.body);
}

function failureOf(name: string, status: number, problem: unknown, request: object): ApplicationFailure {
  const { code } = (problem ?? {}) as { code?: unknown };
  const known = isErrorCode(code) ? code : undefined;
  const message = known === undefined ? `answered ${String(status)}` : reasonOf(known, problem, request);
  if (known !== undefined && isRefusal(known)) return refusal(known, message);
  return ApplicationFailure.create({
    type: known ?? `http_${String(status)}`,
    message: `${name}: ${message}`,
    nonRetryable: status < 500 && !RETRYABLE_STATUSES.has(status),
  });
}

/** The system's word for it (`ECONNREFUSED`), never the request. */
function describeNetworkError(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return cause instanceof SyntaxError ? 'an answer that is not JSON' : 'no answer';
}
