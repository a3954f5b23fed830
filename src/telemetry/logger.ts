import { isNativeError } from 'node:util/types';
import { isSpanContextValid, trace } from '@opentelemetry/api';
import type { DestinationStream, Logger } from 'pino';
import { destination, pino } from 'pino';
import type { Config } from '../config/config';
import { codeOf, errorTypeOf } from './error-type';

/** Fields of an order and of requests that never belong in a log, where code might log the whole by mistake. */
const SENSITIVE = [
  'authorization',
  'cookie',
  'password',
  'token',
  'tokens',
  'serviceAccess',
  'payloadKeys',
  'payment',
  'method.token',
  'shippingAddress',
  'address',
  'memo',
  'workflowInfo',
];

/**
 * A logger that writes JSON lines to stderr, each with `service`, and with `trace_id` and `span_id` where a span is
 * active. Lines are written before the call returns: a killed process loses none. Known sensitive fields are
 * replaced by `[Redacted]`, and errors keep type, code, message and stack but none of the data on them.
 *
 * @param stream where to instead of stderr.
 */
export function createLogger(
  service: string,
  level: Config['logLevel'],
  stream: DestinationStream = destination({ dest: 2, sync: true }),
): Logger {
  return pino(
    {
      level,
      base: { service },
      timestamp: isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: activeSpan,
      serializers: { err: plainError, error: plainError },
      redact: { paths: [...SENSITIVE, ...SENSITIVE.map((field) => `*.${field}`)], censor: '[Redacted]' },
    },
    stream,
  );
}

const isoTime = () => `,"time":"${new Date().toISOString()}"`;

function activeSpan(): Record<string, string> {
  const span = trace.getActiveSpan()?.spanContext();
  if (span === undefined || !isSpanContextValid(span)) return {};
  return { trace_id: span.traceId, span_id: span.spanId };
}

/** Pino's own serializer copies every property of an error, and Temporal's failures carry payloads. */
function plainError(error: unknown): unknown {
  if (typeof error === 'string') return error;
  // One that comes from a workflow's sandbox is no instance of this realm's Error.
  if (!isNativeError(error)) return { type: errorTypeOf(error) };
  const { name, message, stack, cause } = error;
  const code = codeOf(error);
  return {
    type: name,
    message,
    ...(code !== undefined && { code }),
    stack,
    ...(cause !== undefined && { cause: plainError(cause) }),
  };
}
