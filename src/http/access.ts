import type { FastifyRequest } from 'fastify';
import type { BearerTokens } from '../config/bearer-tokens';
import { ConfigError } from '../config/config';
import { isLoopback } from './loopback';
import { ChallengeError, ProblemError } from './problem';

/** Who may call an app that only other parts of the system call. */
export interface Access {
  /** Undefined: whoever can reach it. */
  readonly tokens: BearerTokens | undefined;
  /** It may be reached from beyond this machine without tokens: something in front of it decides. */
  readonly insecure: boolean;
}

/**
 * Lets in who sends one of the tokens; without tokens, this machine alone.
 *
 * @throws {@link ChallengeError}; ProblemError `misdirected` for a name that somebody else's DNS points at this machine
 * (DNS rebinding: a web page would call the app through its visitors' browsers).
 */
export function admit({ tokens, insecure }: Access, { headers, hostname }: FastifyRequest): void {
  if (tokens !== undefined) {
    if (tokens.accept(headers.authorization)) return;
    throw new ChallengeError('unauthorized', 'Send Authorization: Bearer <token>', 'Bearer');
  }
  if (insecure || isLoopback(hostname)) return;
  throw new ProblemError('misdirected', 'Without a token, only requests for localhost are served');
}

/** @throws ConfigError when the app would be open to whoever reaches `host`. */
export function assertMayListen(
  { tokens, insecure }: Access,
  { host, remedy }: { readonly host: string; readonly remedy: string },
): void {
  if (tokens !== undefined || insecure || isLoopback(host)) return;
  throw new ConfigError([`HOST=${host}: without a token this listens on this machine alone; ${remedy}`]);
}
