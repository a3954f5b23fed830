import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { CompensationRequest, ConfirmRequest } from '../../domain/service-contract';
import { ProblemError } from '../../http/problem';

const KEY_PATTERN = /^[\x21-\x7e]{1,255}$/;
const KEY_RULE = 'must be 1 to 255 printable ASCII characters without spaces';

/** A key as a body names it. */
export const idempotencyKeySchema = z.string().regex(KEY_PATTERN, KEY_RULE);

/** A mutating request, as the barrier knows it. */
export interface KeyedRequest {
  readonly key: string;
  readonly orderId: string;
  /** Equal for a retransmission, different for another payload or route under the same key. */
  readonly fingerprint: string;
}

/** A request to undo what was, or would be, done under the key `compensates`. */
export interface KeyedCompensation extends KeyedRequest {
  readonly compensates: string;
  readonly undoes: Undoes;
}

/** What a compensation undoes: an action; a hold, but not when it was confirmed (a cancel); a hold, confirmed or not. */
export type Undoes = 'action' | 'held' | 'hold';

/** A request to make final what is on hold under the key `confirms`. */
export interface KeyedConfirmation extends KeyedRequest {
  readonly confirms: string;
}

/**
 * The request's `Idempotency-Key`.
 *
 * @throws ProblemError `idempotency_key_missing`, or `invalid_request` when it is too long or not printable.
 */
export function idempotencyKey(request: FastifyRequest): string {
  const key = request.headers['idempotency-key'];
  if (key === undefined || key === '') {
    throw new ProblemError(
      'idempotency_key_missing',
      'Send an Idempotency-Key header with every request that changes something',
    );
  }
  if (typeof key !== 'string' || !KEY_PATTERN.test(key)) {
    const message = `The Idempotency-Key ${KEY_RULE}`;
    throw new ProblemError('invalid_request', message, {
      errors: [{ field: 'Idempotency-Key', message: KEY_RULE }],
    });
  }
  return key;
}

/** The barrier's view of a validated request. */
export function keyedRequest(request: FastifyRequest, body: { readonly orderId: string }): KeyedRequest {
  const route = `${request.method} ${request.routeOptions.url ?? ''}`;
  return {
    key: idempotencyKey(request),
    orderId: body.orderId,
    fingerprint: createHash('sha256')
      .update(`${route}\n${canonicalJson(body)}`)
      .digest('hex'),
  };
}

/** The barrier's view of a validated compensation. */
export function keyedCompensation(
  request: FastifyRequest,
  body: CompensationRequest,
  undoes: Undoes,
): KeyedCompensation {
  return { ...keyedRequest(request, body), compensates: body.compensates, undoes };
}

/** The barrier's view of a validated confirm. */
export function keyedConfirmation(request: FastifyRequest, body: ConfirmRequest): KeyedConfirmation {
  return { ...keyedRequest(request, body), confirms: body.confirms };
}

/** JSON with sorted members, so that the order a client happens to write them in makes no difference. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_member, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
