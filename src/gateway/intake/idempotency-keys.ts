import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import { ProblemError } from '../../http/problem';
import { stored } from './stored';
import type { GatewayTables } from './tables';

/** A request's key, with what it is bound to. */
export interface KeyedIntake {
  readonly keyHash: string;
  /** SHA-256 of the payload. */
  readonly fingerprint: string;
}

/** Equal for the same key of the same customer, and tells nothing of either. */
export function hashKey(customerId: string, key: string): string {
  return createHash('sha256')
    .update(JSON.stringify([customerId, key]))
    .digest('hex');
}

/**
 * Binds each key to one payload and one order, for ever: it outlives Temporal's retention, and every process of the
 * gateway that shares the database agrees.
 */
export class IdempotencyKeys {
  constructor(private readonly db: Kysely<GatewayTables>) {}

  /**
   * The order that the key is bound to, if any.
   *
   * @throws ProblemError `idempotency_key_reused` when it is bound to another payload.
   */
  async find({ keyHash, fingerprint }: KeyedIntake): Promise<string | undefined> {
    const row = await stored(
      this.db
        .selectFrom('idempotency_keys')
        .select(['fingerprint', 'order_id'])
        .where('key_hash', '=', keyHash)
        .executeTakeFirst(),
    );
    if (row === undefined) return undefined;
    if (row.fingerprint === fingerprint) return row.order_id;
    throw new ProblemError(
      'idempotency_key_reused',
      'This Idempotency-Key came with another payload before: use a new key for a new order',
    );
  }

  /**
   * Binds the key to `orderId`, unless it is bound already; the order that it is bound to now.
   *
   * @throws ProblemError `idempotency_key_reused` when somebody bound it to another payload meanwhile.
   */
  async bind(keyed: KeyedIntake, orderId: string): Promise<string> {
    await stored(
      this.db
        .insertInto('idempotency_keys')
        .values({
          key_hash: keyed.keyHash,
          fingerprint: keyed.fingerprint,
          order_id: orderId,
          created_at: Date.now(),
        })
        .onConflict((conflict) => conflict.column('key_hash').doNothing())
        .execute(),
    );
    const bound = await this.find(keyed);
    if (bound === undefined) throw new Error('An idempotency key is gone that was just bound');
    return bound;
  }
}
