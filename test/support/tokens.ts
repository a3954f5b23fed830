import { SignJWT } from 'jose';
import type { JWTPayload, KeyLike } from 'jose';

/** For `GATEWAY_JWT_SECRET`. */
export const JWT_SECRET = 'a secret of the tests, of no use elsewhere';

/** A claim that is undefined is none. */
export type Claims = { readonly [Claim in keyof JWTPayload]: JWTPayload[Claim] | undefined };

/** A bearer token, for an hour unless `claims` say something else. */
export function signToken(
  claims: Claims,
  key: KeyLike | Uint8Array = new TextEncoder().encode(JWT_SECRET),
  header: { readonly alg: string; readonly kid?: string } = { alg: 'HS256' },
): Promise<string> {
  const payload = { exp: Math.floor(Date.now() / 1000) + 3600, ...claims } as JWTPayload;
  return new SignJWT(payload).setProtectedHeader(header).sign(key);
}
