import type { FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError } from '../http/problem';

const KEY_PATTERN = /^[\x21-\x7e]{1,255}$/;
const KEY_RULE = 'must be 1 to 255 printable ASCII characters without spaces, in double quotes or not';

/**
 * The request's `Idempotency-Key`: a quoted string, as draft-ietf-httpapi-idempotency-key-header-07 has it, or the bare
 * text that most clients send.
 *
 * @throws ProblemError `invalid_request` when it cannot be one.
 */
export function idempotencyKeyOf({ headers }: FastifyRequest): string | undefined {
  const header = headers['idempotency-key'];
  if (header === undefined) return undefined;
  const text = String(header);
  const [, quoted] = /^"((?:[^"\\]|\\["\\])*)"$/.exec(text) ?? [];
  const key = quoted?.replace(/\\(["\\])/g, '$1') ?? text;
  if (KEY_PATTERN.test(key)) return key;
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
}

export function preferenceOf({ headers }: FastifyRequest): Preference {
  const preferences = String(headers['prefer'] ?? '')
    .split(',')
    .map((preference) => preference.trim().toLowerCase());
  const wait = preferences
    .map((preference) => /^wait\s*=\s*"?(\d{1,6})"?$/.exec(preference)?.[1])
    .find(Boolean);
  return {
    respondAsync: preferences.includes('respond-async'),
    waitMs: wait === undefined ? undefined : Number(wait) * 1000,
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
