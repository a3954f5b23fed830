import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** RFC 6750's `b64token`, long enough not to be guessed. */
const TOKEN = /^[\w.~+/-]{32,512}=*$/;

/**
 * Bearer tokens that a caller and a callee share: the first is sent, all are accepted, so that they can be changed without
 * a moment in which somebody is refused. Nothing that prints or serialises the configuration shows them.
 */
export class BearerTokens {
  readonly #sent: string;
  readonly #digests: readonly Buffer[];

  constructor(tokens: readonly [string, ...string[]]) {
    this.#sent = tokens[0];
    this.#digests = tokens.map(digest);
  }

  /** What a caller sends as `Authorization`. */
  get authorization(): string {
    return `Bearer ${this.#sent}`;
  }

  /** Whether this `Authorization` holds one of the tokens; takes the same time whatever it holds. */
  accept(authorization: string | undefined): boolean {
    const [, token = ''] = /^Bearer ([^\s]+)$/i.exec(authorization ?? '') ?? [];
    const given = digest(token);
    return this.#digests.map((known) => timingSafeEqual(known, given)).includes(true);
  }
}

/** A comma-separated list of tokens. */
export const bearerTokensSchema = z.string().transform((text, context) => {
  const [first, ...more] = text.split(',').map((token) => token.trim());
  const tokens = [first ?? '', ...more] as const;
  if (tokens.every((token) => TOKEN.test(token))) {
    if (new Set(tokens).size === tokens.length) return new BearerTokens(tokens);
    context.addIssue('holds a token twice');
  } else {
    context.addIssue('must be tokens of 32 to 512 letters, digits or ._~+/- each, separated by commas');
  }
  return z.NEVER;
});

/** Equally long for all tokens, as the comparison wants it. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
