import type { ErrorCode } from '../domain/errors';
import { ERRORS } from '../domain/errors';

/** The members of an RFC 9457 problem but `instance`, which belongs to one request. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  /** Members of single codes: `errors` of `invalid_request`, `shortages` of `out_of_stock`. */
  readonly [extension: string]: unknown;
}

/**
 * An answer other than success, by its code in `errors.ts`; `detail` says what is wrong with this request and is
 * read by the caller: no token, no address, no internals in it.
 *
 * @example throw new ProblemError('not_found', 'There is no order o-1');
 */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';

  constructor(
    readonly code: ErrorCode,
    readonly detail: string,
    readonly extensions: Readonly<Record<string, unknown>> = {},
  ) {
    super(`${code}: ${detail}`);
  }
}

/** A refusal that tells, in `WWW-Authenticate`, what token would do (RFC 6750, section 3). */
export class ChallengeError extends ProblemError {
  constructor(
    code: 'unauthorized' | 'forbidden',
    detail: string,
    readonly challenge: string,
  ) {
    super(code, detail);
  }
}

/** The problem document of `error`. */
export function problemOf(error: ProblemError): Problem {
  const { status, title } = ERRORS[error.code];
  return {
    type: problemType(error.code),
    title,
    status,
    detail: error.detail,
    code: error.code,
    ...error.extensions,
  };
}

const HTTP_TITLES = { 413: 'Content Too Large', 415: 'Unsupported Media Type' } as const;

/** The problem document of a request that HTTP itself refuses, before any of our rules. */
export function httpProblem(status: keyof typeof HTTP_TITLES, detail: string): Problem {
  return { type: 'about:blank', title: HTTP_TITLES[status], status, detail, code: 'invalid_request' };
}

/** A relative reference, as RFC 9457 allows: it names the problem, whatever host answered. */
function problemType(code: ErrorCode): string {
  return `/problems/${code}`;
}
