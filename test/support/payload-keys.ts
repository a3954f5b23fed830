import { randomBytes } from 'node:crypto';

/** A new key for each of `ids`, as `PAYLOAD_KEYS` has them. */
export function newPayloadKeys(...ids: readonly string[]): string {
  return ids.map((id) => `${id}:${randomBytes(32).toString('base64')}`).join(',');
}
