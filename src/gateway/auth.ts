import type { FastifyRequest } from 'fastify';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import type { JWTPayload, JWTVerifyOptions } from 'jose';
import type { Config, GatewayAuthConfig } from '../config/config';
import { ChallengeError, ProblemError } from '../http/problem';
import { errorMessage } from '../telemetry/error-type';

export const SCOPES = ['orders:write', 'orders:read', 'orders:operate'] as const;
/** `orders:write`: place and cancel; `orders:read`: look; `orders:operate`: both of everybody's orders, and the operator's actions. */
export type Scope = (typeof SCOPES)[number];

/** Who sent a request. */
export interface Caller {
  /** The token's subject; undefined without authentication. */
  readonly subject: string | undefined;
  /** The one customer whose orders this caller may see and place; undefined: everybody's. */
  readonly customerId: string | undefined;
  readonly scopes: ReadonlySet<Scope>;
}

/** Tells who sent a request. @throws {@link ChallengeError}, ProblemError `auth_unavailable`. */
export type Authenticator = (request: FastifyRequest) => Promise<Caller>;

/** Asymmetric only: a key set is public, and a public key must never verify an HMAC. */
const JWKS_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
];

/** Everything is allowed to everybody; for a gateway that only this machine can reach. */
const ANYBODY: Caller = { subject: undefined, customerId: undefined, scopes: new Set(SCOPES) };

/**
 * Knows callers by their bearer tokens (RFC 6750; JWT as RFC 8725 wants it: fixed algorithms, an expiry, and the
 * configured issuer and audience). Scopes are in `scope` or `scp`, the customer in `customer_id` or else `sub`.
 */
export function createAuthenticator({
  auth,
  requestTimeoutMs,
}: Pick<Config['gateway'], 'auth' | 'requestTimeoutMs'>): Authenticator {
  if (auth === undefined) return () => Promise.resolve(ANYBODY);
  const verify = tokenVerifier(auth, requestTimeoutMs);
  return async (request) => {
    const [, token] = /^Bearer ([\w~+/.-]+=*)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (token === undefined) {
      throw new ChallengeError('unauthorized', 'Send Authorization: Bearer <token>', 'Bearer');
    }
    return callerOf(await verify(token));
  };
}

/** @throws {@link ChallengeError}. */
export function requireScope({ scopes }: Caller, scope: Scope): void {
  if (scopes.has(scope) || scopes.has('orders:operate')) return;
  const challenge = `Bearer error="insufficient_scope", scope="${scope}"`;
  throw new ChallengeError('forbidden', `The token lacks the scope ${scope}`, challenge);
}

/** Whether the caller may know of an order of this customer. */
export function maySee({ customerId }: Caller, order: { readonly customerId: string }): boolean {
  return customerId === undefined || customerId === order.customerId;
}

function tokenVerifier(
  { key, issuer, audience }: GatewayAuthConfig,
  timeoutDuration: number,
): (token: string) => Promise<JWTPayload> {
  const options: JWTVerifyOptions = {
    requiredClaims: ['exp', 'sub'],
    algorithms: 'secret' in key ? ['HS256'] : JWKS_ALGORITHMS,
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  };
  const secret = 'secret' in key ? new TextEncoder().encode(key.secret) : undefined;
  const keySet = 'jwksUrl' in key ? createRemoteJWKSet(new URL(key.jwksUrl), { timeoutDuration }) : undefined;
  return async (token) => {
    try {
      const { payload } = await (keySet === undefined
        ? jwtVerify(token, secret ?? new Uint8Array(), options)
        : jwtVerify(token, keySet, options));
      return payload;
    } catch (error) {
      throw isAboutTheToken(error)
        ? new ChallengeError(
            'unauthorized',
            `The token is refused: ${reasonOf(error)}`,
            'Bearer error="invalid_token"',
          )
        : unavailable(error);
    }
  };
}

/** As opposed to a key set that could not be had. */
function isAboutTheToken(error: unknown): error is errors.JOSEError {
  return (
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout) &&
    !(error instanceof errors.JWKSInvalid) &&
    error.code !== errors.JOSEError.code
  );
}

/** Jose's own words name claims, never their values. */
function reasonOf(error: errors.JOSEError): string {
  return error instanceof errors.JWTExpired ? 'it has expired' : error.message;
}

function unavailable(cause: unknown): ProblemError {
  const problem = new ProblemError(
    'auth_unavailable',
    'The key set that tokens are signed by cannot be had now',
  );
  problem.cause = errorMessage(cause);
  return problem;
}

function callerOf({ sub, scope, scp, customer_id: customer }: JWTPayload): Caller {
  const granted: unknown = scope ?? scp;
  const named: unknown[] = Array.isArray(granted)
    ? granted
    : typeof granted === 'string'
      ? granted.split(' ')
      : [];
  const scopes = new Set(SCOPES.filter((known) => named.includes(known)));
  return {
    subject: sub,
    customerId: scopes.has('orders:operate') ? undefined : typeof customer === 'string' ? customer : sub,
    scopes,
  };
}
