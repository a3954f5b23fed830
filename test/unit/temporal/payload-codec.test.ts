import { describe, expect, it } from '@jest/globals';
import type { Payload } from '@temporalio/common';
import { defaultPayloadConverter } from '@temporalio/common';
import fc from 'fast-check';
import { inspect } from 'node:util';
import { ConfigError, loadConfig } from '../../../src/config/config';
import { EncryptionCodec, PayloadDecryptionError } from '../../../src/temporal/payload-codec';
import { newPayloadKeys } from '../../support/payload-keys';

const codecWith = (keys: string) => new EncryptionCodec(loadConfig({ PAYLOAD_KEYS: keys }).payloadKeys);
const payloadOf = (value: unknown) => defaultPayloadConverter.toPayload(value);
const valueOf = (payload: Payload) => defaultPayloadConverter.fromPayload<unknown>(payload);
const keyIdOf = ({ metadata }: Payload) => Buffer.from(metadata!['encryption-key-id']!).toString();

const OLD = newPayloadKeys('2025');
const NEW = newPayloadKeys('2026');

async function encrypted(codec: EncryptionCodec, value: unknown): Promise<Payload> {
  const [payload] = await codec.encode([payloadOf(value)]);
  return payload!;
}

/** A copy of `payload` whose bytes can be changed. */
function copyOf({ metadata, data }: Payload) {
  return { metadata: { ...metadata }, data: Buffer.from(data!) };
}

describe('an encrypted payload', () => {
  it('comes back as it was, whatever it was', async () => {
    const codec = codecWith(NEW);
    const values = fc.oneof(fc.jsonValue(), fc.uint8Array(), fc.constant(undefined));
    await fc.assert(
      fc.asyncProperty(fc.array(values, { maxLength: 4 }), async (given) => {
        const payloads = given.map(payloadOf);
        const decoded = await codec.decode(await codec.encode(payloads));
        expect(decoded.map(valueOf)).toEqual(payloads.map(valueOf));
      }),
      { numRuns: 200 },
    );
  });

  it('is another one each time, and tells neither its content nor its type', async () => {
    const codec = codecWith(NEW);
    const [one, other] = [await encrypted(codec, 'A. Buyer'), await encrypted(codec, 'A. Buyer')];
    expect(one.data).not.toEqual(other.data);
    const seen = Object.values(one.metadata!).map((each) => Buffer.from(each).toString());
    expect(seen.sort()).toEqual(['2026', 'binary/encrypted']);
    expect(Buffer.from(one.data!).includes('Buyer')).toBe(false);
    expect(Buffer.from(one.data!).includes('json/plain')).toBe(false);
  });

  it('is refused when any one bit of it was changed, or its end is missing', async () => {
    const codec = codecWith(NEW);
    const payload = await encrypted(codec, { amount: 5998 });
    const { length } = payload.data!;
    for (let index = 0; index < length; index += 1) {
      const changed = copyOf(payload);
      changed.data[index]! ^= 1;
      await expect(codec.decode([changed])).rejects.toThrow(PayloadDecryptionError);
      const short = copyOf(payload);
      await expect(codec.decode([{ ...short, data: short.data.subarray(0, index) }])).rejects.toThrow(
        PayloadDecryptionError,
      );
    }
  });

  it('is refused under the id of another key, also when that is the same key', async () => {
    const [, key = ''] = NEW.split(':');
    const codec = codecWith(`2026:${key},copy:${key}`);
    const relabelled = copyOf(await encrypted(codec, 1));
    relabelled.metadata['encryption-key-id'] = Buffer.from('copy');
    await expect(codec.decode([relabelled])).rejects.toThrow('does not go with the key copy');
  });

  it('stays readable while keys are changed, each new one being written by the new key', async () => {
    const before = await encrypted(codecWith(OLD), 'before');
    const rotated = codecWith(`${NEW},${OLD}`);
    const after = await encrypted(rotated, 'after');
    expect([keyIdOf(before), keyIdOf(after)]).toEqual(['2025', '2026']);
    expect((await rotated.decode([before, after])).map(valueOf)).toEqual(['before', 'after']);
    // Whoever is told the new key in the second place reads what others write already.
    expect((await codecWith(`${OLD},${NEW}`).decode([after])).map(valueOf)).toEqual(['after']);
  });

  it.each([
    ['another key', OLD],
    ['no key at all', ''],
  ])('of a key that is not there is refused by name, with %s', async (_, keys) => {
    const payload = await encrypted(codecWith(NEW), 'secret');
    const refused = expect(codecWith(keys).decode([payload])).rejects;
    await refused.toThrow(PayloadDecryptionError);
    await refused.toThrow('with the key "2026", which PAYLOAD_KEYS does not have here');
  });
});

it('what was written before there were keys stays readable, and without keys nothing is changed', async () => {
  const plain = [payloadOf({ a: 1 }), payloadOf(undefined)];
  expect(await codecWith(NEW).decode(plain)).toEqual(plain);
  expect(await codecWith('').encode(plain)).toEqual(plain);
});

describe('PAYLOAD_KEYS', () => {
  const key = NEW.split(':')[1]!;

  it.each([
    ['a key without an id', key, 'key 1 has no id'],
    ['an empty id', `:${key}`, 'key 1 has no id'],
    ['an id with a blank', `a b:${key}`, 'key 1 has no id'],
    ['16 bytes', `k:${Buffer.alloc(16).toString('base64')}`, 'key 1 (k) is not 32 bytes in base64'],
    ['33 bytes', `k:${Buffer.alloc(33).toString('base64')}`, 'key 1 (k) is not 32 bytes in base64'],
    ['hexadecimal', `k:${Buffer.alloc(32).toString('hex')}`, 'key 1 (k) is not 32 bytes in base64'],
    ['an empty entry', `k:${key},`, 'key 2 has no id'],
    ['an id twice', `k:${key},k:${newPayloadKeys('x').slice(2)}`, 'key 2 has the id of another: k'],
  ])('of %s is a configuration error that shows no key', (_, keys, problem) => {
    const refused = () => loadConfig({ PAYLOAD_KEYS: keys });
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(`PAYLOAD_KEYS=…: ${problem}`);
    expect(refused).not.toThrow(keys);
  });

  it('names everything that is wrong at once', () => {
    expect(() => loadConfig({ PAYLOAD_KEYS: 'a:1,b:2' })).toThrow(/key 1 \(a\)[^]*key 2 \(b\)/);
  });

  it('is shown by nothing that prints the configuration', () => {
    const config = loadConfig({ PAYLOAD_KEYS: NEW });
    const printed = JSON.stringify(config) + inspect(config, { depth: null, showHidden: true });
    for (const form of ['base64', 'hex', 'latin1'] as const) {
      expect(printed).not.toContain(Buffer.from(key, 'base64').toString(form));
    }
  });
});
