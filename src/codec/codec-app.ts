import type { Payload } from '@temporalio/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Config } from '../config/config';
import { admit } from '../http/access';
import { createHttpApp } from '../http/http-app';
import type { HttpApp } from '../http/http-app';
import { ProblemError } from '../http/problem';
import type { Telemetry } from '../telemetry/telemetry';
import { EncryptionCodec, PayloadDecryptionError } from '../temporal/payload-codec';

/** What Temporal sends at most in one message. */
const BODY_LIMIT_BYTES = 4 * 1024 * 1024;
const PREFLIGHT_AGE_S = '600';
/** A list of header names. */
const HEADER_NAMES = /^[\w-]+(?:, ?[\w-]+)*$/;

const bytes = z.base64().transform((text) => Buffer.from(text, 'base64'));
/** Payloads as Protobuf's JSON has them. */
const payloadsSchema = z.object({
  payloads: z.array(
    z.object({
      metadata: z.record(z.string(), bytes).default({}),
      data: bytes.default(() => Buffer.alloc(0)),
    }),
  ),
});

/**
 * Encrypts and decrypts payloads for Temporal's UI and CLI, by their codec server's protocol: `POST /encode` and
 * `POST /decode`. Pages of one origin may ask (`CODEC_UI_ORIGIN`), and with `CODEC_TOKEN` only who sends it.
 */
export function buildCodecApp({
  config,
  telemetry,
}: {
  readonly config: Pick<Config, 'payloadKeys' | 'codec'>;
  readonly telemetry: Telemetry;
}): HttpApp {
  const { uiOrigin, tokens } = config.codec;
  const codec = new EncryptionCodec(config.payloadKeys);
  const app = createHttpApp({
    telemetry,
    ready: () => Promise.resolve(),
    bodyLimit: BODY_LIMIT_BYTES,
    admit: (request) => {
      assertOrigin(request, uiOrigin);
      // Browsers ask first, without the token.
      if (!isPreflight(request)) admit({ tokens, insecure: false }, request);
    },
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    if (request.headers.origin !== undefined) allow(request, reply, uiOrigin);
    done(null, payload);
  });

  for (const [path, convert] of [
    ['/encode', (payloads: Payload[]) => codec.encode(payloads)],
    ['/decode', (payloads: Payload[]) => decoded(codec, payloads)],
  ] as const) {
    app.options(path, (_request, reply) => reply.code(204).send());
    app.post(path, { schema: { body: payloadsSchema } }, async ({ body }) => ({
      payloads: (await convert(body.payloads)).map(toJson),
    }));
  }
  return app;
}

async function decoded(codec: EncryptionCodec, payloads: Payload[]): Promise<Payload[]> {
  try {
    return await codec.decode(payloads);
  } catch (error) {
    if (!(error instanceof PayloadDecryptionError)) throw error;
    const errors = [{ field: 'payloads', message: error.message }];
    throw new ProblemError('invalid_request', error.message, { errors });
  }
}

function toJson({ metadata, data }: Payload) {
  return {
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
    ),
    data: Buffer.from(data ?? []).toString('base64'),
  };
}

/** A browser says whose page asks; anything else has no origin. */
function assertOrigin({ headers: { origin } }: FastifyRequest, uiOrigin: string | undefined): void {
  if (origin === undefined || origin === uiOrigin) return;
  throw new ProblemError('forbidden', 'Pages of this origin are not served: see CODEC_UI_ORIGIN');
}

function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined;
}

function allow({ headers }: FastifyRequest, reply: FastifyReply, uiOrigin: string | undefined): void {
  reply.header('vary', 'Origin');
  if (headers.origin !== uiOrigin) return;
  reply.header('access-control-allow-origin', headers.origin);
  const wanted = headers['access-control-request-headers'];
  if (wanted === undefined || !HEADER_NAMES.test(wanted)) return;
  reply.headers({
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': wanted,
    'access-control-max-age': PREFLIGHT_AGE_S,
  });
}
