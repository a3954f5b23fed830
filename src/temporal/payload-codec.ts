import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import type { PayloadKey, PayloadKeys } from '../config/payload-keys';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What an encrypted payload says of itself; the names are those of Temporal's own examples. */
const METADATA = { encoding: 'encoding', keyId: 'encryption-key-id' } as const;
const ENCODING = 'binary/encrypted';
/** The form of {@link ENCODING}'s bytes, for the day there is another. */
const FORM = 'durable-orders:aes-256-gcm:1';

const { Payload: PayloadProto } = temporal.api.common.v1;

/** A payload cannot be read here; the message says why and what to do, and holds nothing of the payload. */
export class PayloadDecryptionError extends Error {
  override readonly name = 'PayloadDecryptionError';
}

/**
 * Encrypts whole payloads, type and all, with the first of the keys; decrypts with whichever a payload names. What was
 * written before there were keys stays readable.
 *
 * The data is nonce, ciphertext and tag, one after the other. The nonce is 96 random bits, which are good for 2^32 payloads
 * of one key (NIST SP 800-38D, 8.3). Authenticated with them are the form and the key's id, so that a payload can be passed
 * off neither as one of another form nor as one of another key. The workflow's id is not: the codec server and the replay of
 * an exported history have to do without it.
 */
export class EncryptionCodec implements PayloadCodec {
  readonly #keys: PayloadKeys;

  constructor(keys: PayloadKeys) {
    this.#keys = keys;
  }

  encode(payloads: Payload[]): Promise<Payload[]> {
    const { current } = this.#keys;
    return Promise.resolve(
      current === undefined ? payloads : payloads.map((payload) => encrypt(payload, current)),
    );
  }

  /** @throws {@link PayloadDecryptionError} when the key is not there, or the payload is not as it was written. */
  // eslint-disable-next-line @typescript-eslint/require-await -- what it throws is to be a rejection
  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => (isEncrypted(payload) ? this.#decrypt(payload) : payload));
  }

  #decrypt(payload: Payload): Payload {
    const id = text(payload.metadata?.[METADATA.keyId]);
    const key = this.#keys.find(id);
    if (key === undefined) {
      throw new PayloadDecryptionError(
        `A payload is encrypted with the key ${JSON.stringify(id.slice(0, 64))}, which PAYLOAD_KEYS does not have here`,
      );
    }
    return decrypt(payload.data ?? new Uint8Array(), key);
  }
}

function isEncrypted({ metadata }: Payload): boolean {
  return text(metadata?.[METADATA.encoding]) === ENCODING;
}

function encrypt(payload: Payload, { id, key }: PayloadKey): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(associatedData(id));
  const plain = PayloadProto.encode(payload).finish();
  return {
    metadata: { [METADATA.encoding]: Buffer.from(ENCODING), [METADATA.keyId]: Buffer.from(id) },
    data: Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]),
  };
}

function decrypt(data: Uint8Array, { id, key }: PayloadKey): Payload {
  try {
    const nonce = data.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
      .setAAD(associatedData(id))
      .setAuthTag(data.subarray(-TAG_BYTES));
    const plain = Buffer.concat([decipher.update(data.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    const { metadata, data: bytes } = PayloadProto.decode(plain);
    return { metadata, data: bytes };
  } catch (cause) {
    throw new PayloadDecryptionError(
      `A payload does not go with the key ${id}: it was changed, or PAYLOAD_KEYS has another key of that id`,
      { cause },
    );
  }
}

function associatedData(keyId: string): Buffer {
  return Buffer.from(`${FORM}:${keyId}`);
}

function text(bytes: Uint8Array | null | undefined): string {
  return bytes ? Buffer.from(bytes).toString('utf8') : '';
}
