import { createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';

const ID = /^[\w.-]{1,64}$/;
/** 32 bytes, as AES-256 wants them. */
const KEY = /^[A-Za-z0-9+/]{43}=$/;

export interface PayloadKey {
  readonly id: string;
  readonly key: KeyObject;
}

/**
 * Keys that payloads are encrypted with: by the first, and decrypted by whichever they name. None: nothing is encrypted.
 * Nothing that prints or serialises the configuration shows them.
 */
export class PayloadKeys {
  readonly #keys: readonly PayloadKey[];

  constructor(keys: readonly PayloadKey[]) {
    this.#keys = keys;
  }

  /** What payloads are encrypted with from now on. */
  get current(): PayloadKey | undefined {
    return this.#keys[0];
  }

  find(id: string): PayloadKey | undefined {
    return this.#keys.find((key) => key.id === id);
  }
}

/** `id:key,id:key`, each key 32 bytes in base64. */
export const payloadKeysSchema = z.string().transform((text, context) => {
  const keys: PayloadKey[] = [];
  for (const [index, entry] of text.split(',').entries()) {
    const [, id = '', key = ''] = /^([^:]*):(.*)$/.exec(entry.trim()) ?? [];
    // Not what was given: without its id, a key may stand in its place.
    const which = `key ${String(index + 1)}`;
    if (!ID.test(id)) {
      context.addIssue(`${which} has no id: write id:key, the id of letters, digits, dots, _ and -`);
    } else if (!KEY.test(key)) {
      context.addIssue(`${which} (${id}) is not 32 bytes in base64: \`openssl rand -base64 32\` makes one`);
    } else if (keys.some((known) => known.id === id)) {
      context.addIssue(`${which} has the id of another: ${id}`);
    } else {
      keys.push({ id, key: createSecretKey(key, 'base64') });
    }
  }
  return new PayloadKeys(keys);
});
