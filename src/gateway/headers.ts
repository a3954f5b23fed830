import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ProblemError } from '../http/problem';

/** What an idempotency key may be, and the id of an action. */
export const KEY_PATTERN = /^[\x21-\x7e]{1,255}$/;
/** The same as `Idempotency-Key`: a string of RFC 9651, or the bare text, which does not start with a quote. */
const KEY_HEADER =
  /^(?:"((?:[\x21\x23-\x5b\x5d-\x7e]|\\["\\]){1,255})"|([\x21\x23-\x7e][\x21-\x7e]{0,254}))$/;
const KEY_RULE = 'must be 1 to 255 printable ASCII characters without spaces, in double quotes or not';

/** The `Idempotency-Key` of the OpenAPI document; {@link idempotencyKeyOf} reads it. */
export const idempotencyKeyHeader = z
  .string()
  .regex(KEY_HEADER, KEY_RULE)
  .optional()
  .describe(`Sent again, the request is done once and answered alike; ${KEY_RULE}`);

/**
 * The request's `Idempotency-Key`: a quoted string, as draft-ietf-httpapi-idempotency-key-header-07 has it, or the bare
 * text that most clients send.
 *
 * @throws ProblemError `invalid_request` when it is neither.
 */
export function idempotencyKeyOf({ headers }: FastifyRequest): string | undefined {
  const header = headers['idempotency-key'];
  if (header === undefined) return undefined;
  const [, quoted, bare] = KEY_HEADER.exec(String(header)) ?? [];
  const key = quoted?.replace(/\\(["\\])/g, '$1') ?? bare;
  if (key !== undefined) return key;
  throw new ProblemError('invalid_request', `Idempotency-Key ${KEY_RULE}`, {
    errors: [{ field: 'Idempotency-Key', message: KEY_RULE }],
  });
}

/** What a client prefers of how it is answered (RFC 7240); what is not understood is ignored. */
export interface Preference {
  /** At once, with 202. */
  readonly respondAsync: boolean;
  /** At most this long, ms. */
  readonly waitMs: number | undefined;
  /** As soon as the payment is taken: `wait=payment`, a value of our own. */
  readonly waitForPayment: boolean;
}

export function preferenceOf({ headers }: FastifyRequest): Preference {
  const preferences = String(headers['prefer'] ?? '')
    .split(',')
    // What follows a semicolon are parameters of the preference; those here have none.
    .map((preference) => preference.replace(/;.*/, '').trim().toLowerCase());
  const wait = preferences
    .map((preference) => /^wait\s*=\s*"?(\d{1,6})"?$/.exec(preference)?.[1])
    .find(Boolean);
  return {
    respondAsync: preferences.includes('respond-async'),
    waitMs: wait === undefined ? undefined : Number(wait) * 1000,
    waitForPayment: preferences.some((preference) => /^wait\s*=\s*"?payment"?$/.test(preference)),
  };
}

/** Aborts when the client goes away before it is answered, or when `other` does. */
export function whenClientLeaves(reply: FastifyReply, other?: AbortSignal): AbortSignal {
  const left = new AbortController();
  const leave = () => {
    left.abort();
  };
  reply.raw.once('close', leave);
  other?.addEventListener('abort', leave, { signal: left.signal });
  if (other?.aborted === true) leave();
  return left.signal;
}

/** Whether a page's form was sent. */
export function isForm({ headers }: FastifyRequest): boolean {
  return headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
}

/** Whether a browser asks on behalf of a person: it names text/html before everything else. */
export function wantsPage({ headers }: FastifyRequest): boolean {
  return headers.accept?.startsWith('text/html') === true;
}

/** Whether the client would rather have a page for people than JSON; undefined: it takes neither. */
export function prefersHtml(request: FastifyRequest): boolean | undefined {
  const type = request.accepts().type(['application/json', 'text/html']);
  return type === false ? undefined : type === 'text/html';
}
