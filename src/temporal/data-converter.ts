import type { DataConverter } from '@temporalio/common';
import type { Config } from '../config/config';
import { EncryptionCodec } from './payload-codec';

/**
 * How everything that goes to Temporal is written and read: the one place, for clients, workers and replays alike.
 *
 * With `PAYLOAD_KEYS`, arguments, results, memos, signals, updates, queries and what activities fail with are encrypted.
 * Search attributes and ids are not: the server has to search them. Neither are headers, which hold the trace, nor what
 * workflow code itself throws: there are only codes and the names of steps in it.
 */
export function dataConverterOf({ payloadKeys }: Pick<Config, 'payloadKeys'>): DataConverter {
  return {
    payloadCodecs: [new EncryptionCodec(payloadKeys)],
    ...(payloadKeys.current !== undefined && {
      failureConverterPath: require.resolve('./failure-converter'),
    }),
  };
}
