import { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';

const NOTHING = defaultPayloadConverter.toPayload(null);

/** `client` for lists and descriptions alone: it decodes no memo, so that one that cannot be read keeps nothing hidden. */
export function withoutMemos({ connection, options: { namespace } }: Client): Client {
  const unread = {
    encode: refuse,
    decode: (payloads: readonly unknown[]) => Promise.resolve(payloads.map(() => NOTHING)),
  };
  return new Client({ connection, namespace, dataConverter: { payloadCodecs: [unread] } });
}

function refuse(): Promise<never> {
  return Promise.reject(new Error('A client that reads no memos writes nothing'));
}
