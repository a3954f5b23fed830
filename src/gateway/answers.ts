import { z } from 'zod';
import { problemSchema } from './schemas';

/** What each status refuses, whatever was asked. */
const REFUSALS = {
  400: 'Malformed or invalid: `errors` names every wrong field',
  401: 'A valid bearer token is required',
  402: 'The payment was declined, and everything undone',
  403: 'The token does not allow it, or a page from elsewhere sent it',
  404: 'There is nothing that the caller may know of',
  406: 'Not available in a form that is accepted',
  409: 'The state of things does not allow it',
  413: 'The body is too large',
  415: 'The body is of a type that is not understood here',
  421: 'Without authentication, only requests for localhost are served',
  422: 'Refused as it stands, or something else came with this id or key before',
  429: 'Too many requests',
  503: 'Something that is needed cannot be reached; an order that was accepted is safe',
  504: 'The payment provider did not answer in time, and everything was undone',
} as const;

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
  ...refusals: readonly (keyof typeof REFUSALS)[]
): Readonly<Record<number, z.ZodType>> {
  const refused = [...ANYWHERE, ...refusals].map((status) => [
    status,
    {
      description: REFUSALS[status],
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
