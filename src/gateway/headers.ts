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

/** Aborts when the client goes away before it is answered. */
export function whenClientLeaves(reply: FastifyReply): AbortSignal {
  const left = new AbortController();
  reply.raw.once('close', () => {
    left.abort();
  });
  return left.signal;
}
