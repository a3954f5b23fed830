import type { Config } from '../config/config';
import { ConfigError } from '../config/config';
import { assertMayListen } from '../http/access';
import { listen } from '../http/listen';
import type { RunningPart } from '../stack/part';
import { startTelemetry } from '../telemetry/start-telemetry';
import { buildCodecApp } from './codec-app';

/**
 * The codec server, listening.
 *
 * @throws ConfigError without keys, when it cannot listen, and when it must not: whoever reaches it reads every order, so
 * that beyond this machine it wants a token.
 */
export async function startCodecServer(config: Config): Promise<RunningPart> {
  const { payloadKeys, codec, host } = config;
  if (payloadKeys.current === undefined) {
    throw new ConfigError(['PAYLOAD_KEYS: the codec server needs the keys that the worker has']);
  }
  assertMayListen({ tokens: codec.tokens, insecure: false }, { host, remedy: 'set CODEC_TOKEN' });
  // Who looks at an order is no part of its trace.
  const telemetry = startTelemetry({ service: 'codec-server', config: { ...config, traceStore: false } });
  const app = buildCodecApp({ config, telemetry });
  try {
    const address = await listen(app, { host, port: codec.port, variable: 'CODEC_PORT' });
    return {
      name: 'codec',
      address,
      stop: async () => {
        await app.close();
        await telemetry.shutdown();
      },
    };
  } catch (error) {
    await telemetry.shutdown();
    throw error;
  }
}
