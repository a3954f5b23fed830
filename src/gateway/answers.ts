import { z } from 'zod';
import type { ErrorCode } from '../domain/errors';
import { httpProblem, problemOf, ProblemError } from '../http/problem';
import { problemSchema } from './schemas';

/** What each status refuses, whatever was asked, and a code that goes with it; none: HTTP itself refuses. */
const REFUSALS = {
  400: ['invalid_request', 'Malformed or invalid: `errors` names every wrong field'],
  401: ['unauthorized', 'A valid bearer token is required'],
  402: ['payment_declined', 'The payment was declined, and everything undone'],
  403: ['forbidden', 'The token does not allow it, or a page from elsewhere sent it'],
  404: ['not_found', 'There is nothing that the caller may know of'],
  406: ['not_acceptable', 'Not available in a form that is accepted'],
  409: ['past_cancelling', 'The state of things does not allow it'],
  413: [undefined, 'The body is too large'],
  415: [undefined, 'The body is of a type that is not understood here'],
  421: ['misdirected', 'Without authentication, only requests for localhost are served'],
  422: ['idempotency_key_reused', 'Refused as it stands, or something else came with this id or key before'],
  429: ['rate_limited', 'Too many requests'],
  503: ['temporal_unreachable', 'Something needed cannot be reached; an order that was accepted is safe'],
  504: ['provider_timeout', 'The payment provider did not answer in time, and everything was undone'],
} as const satisfies Record<number, readonly [ErrorCode | undefined, string]>;
export type Refusal = keyof typeof REFUSALS;

/** A problem document as it comes with this status. */
export function exampleProblem(status: Refusal): object {
  const [code, detail] = REFUSALS[status];
  const problem =
    code === undefined
      ? httpProblem(status as Parameters<typeof httpProblem>[0], detail)
      : problemOf(new ProblemError(code, detail));
  return { ...problem, instance: '/orders' };
}

/** What any request may be refused with. */
const ANYWHERE = [400, 401, 403, 421, 429, 503] as const;
/** What a request with a body may be refused with besides. */
export const WITH_BODY = [413, 415] as const;

/** An answer other than a refusal. */
interface Answer {
  readonly description: string;
  /** None: the answer has no body. */
  readonly schema?: z.ZodType;
  /** Also as a page for people. */
  readonly page?: true;
}

/** The answers of a route: its own and, as problem+json, the statuses that it may refuse with. */
export function answers(
  own: Readonly<Record<number, Answer>>,
  ...refusals: readonly Refusal[]
): Readonly<Record<number, z.ZodType>> {
  const refused = [...ANYWHERE, ...refusals].map((status) => [
    status,
    {
      description: REFUSALS[status][1],
      content: { 'application/problem+json': { schema: problemSchema } },
    },
  ]);
  const answered = Object.entries(own).map(([status, { description, schema, page }]) => [
    status,
    schema === undefined
      ? z.null().describe(description)
      : {
          description,
          content: {
            'application/json': { schema },
            ...(page && { 'text/html': { schema: z.string() } }),
          },
        },
  ]);
  // Fastify's other form of a response, by content type, which its types know only for routes written out.
  return Object.fromEntries([...answered, ...refused]) as Record<number, z.ZodType>;
}
