import { NamespaceNotFoundError } from '@temporalio/common';
import type { Client } from '@temporalio/client';
import { isGrpcServiceError } from '@temporalio/client';
import { PayloadDecryptionError } from '../temporal/payload-codec';
import { OrderError } from './errors';

/** The gRPC status codes that this project tells apart (https://grpc.io/docs/guides/status-codes/). */
export const GRPC = {
  cancelled: 1,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  failedPrecondition: 9,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** Temporal was reached once but cannot serve: it went away, takes too long, or does not let us in. */
export class TemporalUnavailableError extends OrderError {
  readonly code = 'temporal_unreachable';

  constructor(reason: string, cause: unknown) {
    super(`Temporal does not answer: ${reason}`, { cause });
  }
}

/** What Temporal keeps of an order is encrypted, and cannot be decrypted here. */
export class UnreadableOrderError extends OrderError {
  readonly code = 'payload_unreadable';

  constructor(cause: PayloadDecryptionError) {
    super(
      `${cause.message}. Give every part the same PAYLOAD_KEYS, and keep a key as long as there are orders of it`,
      {
        cause,
      },
    );
  }
}

/** Code and words of the gRPC error in `error` or behind it. */
export function grpcErrorOf(error: unknown): { code: number; details: string } | undefined {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (isGrpcServiceError(e)) return { code: e.code, details: e.details };
  }
  return undefined;
}

const NO_ANSWER = 'no answer in time. `orders doctor` says more';

const UNAVAILABLE: Readonly<Record<number, string>> = {
  [GRPC.unavailable]: 'the connection was lost. Is the server still running? `orders doctor` says more',
  [GRPC.deadlineExceeded]: NO_ANSWER,
  // What the deadline looks like when the server sees it first; nothing else cancels these calls.
  [GRPC.cancelled]: NO_ANSWER,
  [GRPC.permissionDenied]:
    'permission denied. Check TEMPORAL_API_KEY, TEMPORAL_NAMESPACE and the TLS settings',
  [GRPC.unauthenticated]: 'not authenticated. Check TEMPORAL_API_KEY and the TLS settings',
};

/** What gRPC says when a deadline has passed. */
class DeadlinePassedError extends Error {
  override readonly name = 'DeadlinePassedError';
  readonly code = GRPC.deadlineExceeded;
  readonly details = 'no answer in time';
  readonly metadata = {};
}

/**
 * The answer to a request of Temporal that comes within `limitMs`: the SDK's own retries may pause for as long again
 * before they look at the deadline.
 *
 * @throws what the request throws, or an error that {@link grpcErrorOf} takes for a passed deadline.
 */
export async function withinDeadline<T>(
  client: Pick<Client, 'withDeadline'>,
  limitMs: number,
  request: () => Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new DeadlinePassedError());
    }, limitMs);
  });
  try {
    return await Promise.race([client.withDeadline(Date.now() + limitMs, request), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** `error` itself, or what it means when it says that Temporal cannot serve us, or that we cannot read what it says. */
export function temporalError(error: unknown): unknown {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (e instanceof PayloadDecryptionError) return new UnreadableOrderError(e);
  }
  if (error instanceof NamespaceNotFoundError) {
    const remedy = 'Create it, or name another one in TEMPORAL_NAMESPACE';
    return new TemporalUnavailableError(`it has no namespace ${error.namespace}. ${remedy}`, error);
  }
  const reason = UNAVAILABLE[grpcErrorOf(error)?.code ?? -1];
  return reason === undefined ? error : new TemporalUnavailableError(reason, error);
}
