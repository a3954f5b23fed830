import type { Kysely, Transaction } from 'kysely';
import type { Money } from '../../domain/money';
import type { ProcessPaymentRequest, ProcessPaymentResponse } from '../../domain/service-contract';
import { Barrier } from '../barrier/barrier';
import type { Answer } from '../barrier/barrier-rows';
import type { BarrierState } from '../barrier/barrier-table';
import type { KeyedCompensation, KeyedRequest } from '../barrier/idempotency';
import { ProblemError } from '../../http/problem';
import { withinDeadline } from './deadline';
import type { ChargeResult, DeclineReason, PaymentProvider } from './provider';
import type { PaymentTables } from './tables';

/**
 * What became of a payment's key. `intent`: on its way to the provider, outcome unknown. `reversing`: being
 * refunded. `voided`: nothing was charged and nothing will be.
 */
export type PaymentState = 'intent' | 'charged' | 'declined' | 'reversing' | 'refunded' | 'voided';

export interface PaymentStatus {
  readonly key: string;
  readonly orderId: string;
  readonly state: PaymentState;
  readonly amount?: Money;
  readonly paymentId?: string;
}

const STATES: Readonly<Record<BarrierState, PaymentState>> = {
  pending: 'intent',
  done: 'charged',
  refused: 'declined',
  compensating: 'reversing',
  compensated: 'refunded',
  voided: 'voided',
};

const DECLINES: Readonly<Record<DeclineReason, string>> = {
  card_declined: 'card declined',
  insufficient_funds: 'insufficient funds',
  unknown_payment_method: 'unknown payment method',
};

/**
 * Charges at most once per key and keeps nothing that was refunded, although the provider is in no transaction
 * of ours and any call to it may be carried out without being answered.
 *
 * ```text
 *   (1) commit intent ──▶ (2) provider.charge(key) ──▶ (3) commit charged | declined
 *              │  again: provider.lookup(key) first
 *              ▼
 *   (4) commit reversing ──▶ (5) provider.refund(key) ──▶ (6) commit refunded | voided
 * ```
 *
 * A crash, or a reply lost, in each window:
 * - after 1: a retry looks the key up, finds nothing and charges with the same key; a refund leaves the
 *   provider a tombstone by which it refuses a charge that is still under way.
 * - after 2: a retry finds the charge by its key and records it. When the provider does not say (504), the intent
 *   stays open, never charged again, until a refund settles it.
 * - after 3: duplicates get the stored answer from the barrier.
 * - after 4: no charge starts any more (`already_compensated`). One that had started ends, at the provider,
 *   before 5, which refunds it, or after 5, which it finds and is refused; its own step 3 finds the mark of 4.
 * - after 5: a retry refunds by the same key, which the provider does once, and records it.
 *
 * Two requests at once are the same windows: the provider does a key's calls one after another, and of two that
 * commit 3 or 6 the first decides.
 */
export class PaymentService {
  private readonly barrier: Barrier<PaymentTables>;

  /** @param providerTimeoutMs how long one request waits for the provider in all. */
  constructor(
    private readonly db: Kysely<PaymentTables>,
    private readonly provider: PaymentProvider,
    private readonly providerTimeoutMs: number,
  ) {
    this.barrier = new Barrier(db);
  }

  /**
   * Charges once.
   *
   * @throws ProblemError `provider_unavailable`, `provider_timeout` (outcome open), `already_compensated`.
   */
  async charge(keyed: KeyedRequest, payment: ProcessPaymentRequest): Promise<Answer> {
    const opened = await this.barrier.openAction(keyed, (trx) => writeIntent(trx, keyed.key, payment));
    if ('answer' in opened) return opened.answer;
    const result = await withinDeadline(this.providerTimeoutMs, async (signal) => {
      const known = opened.open === 'again' ? await this.provider.lookup(keyed.key, signal) : undefined;
      return known ?? (await this.provider.charge({ key: keyed.key, ...payment }, signal));
    });
    return this.settle(keyed.key, result);
  }

  /**
   * Gives back what was charged, once; from then on nothing can be charged under that key.
   *
   * @throws ProblemError `refund_refused`, which is not stored: once the provider has been persuaded, the same
   *   request works. `provider_unavailable`, `provider_timeout` (outcome open).
   */
  async refund(keyed: KeyedCompensation): Promise<Answer> {
    const opened = await this.barrier.openCompensation(keyed);
    if ('answer' in opened) return opened.answer;
    const { outcome } = await withinDeadline(this.providerTimeoutMs, (signal) =>
      this.provider.refund(keyed.compensates, keyed.orderId, signal),
    );
    if (outcome === 'refused') {
      throw new ProblemError('refund_refused', 'The payment provider refuses to refund this payment');
    }
    return this.barrier.settleCompensation(keyed, outcome === 'refunded' ? 'undone' : 'nothing_to_undo');
  }

  /**
   * What became of a key. An open intent is looked up at the provider, and what it says is recorded; while it
   * does not say, the state is `intent`.
   *
   * @throws ProblemError `not_found` for a key that was never seen.
   */
  async status(key: string): Promise<PaymentStatus> {
    const status = await this.storedStatus(key);
    if (status.state !== 'intent') return status;
    try {
      const result = await withinDeadline(this.providerTimeoutMs, (signal) =>
        this.provider.lookup(key, signal),
      );
      if (result === undefined) return status;
      await this.settle(key, result);
    } catch (error) {
      if (!leavesOpen(error)) throw error;
    }
    return this.storedStatus(key);
  }

  private async settle(key: string, result: ChargeResult): Promise<Answer> {
    if (result.outcome !== 'charged') return this.barrier.settleAction(key, refusalOf(key, result));
    const { paymentId } = result;
    const reply = { status: 201, body: { paymentId } satisfies ProcessPaymentResponse };
    return this.barrier.settleAction(key, reply, (trx) => writePaymentId(trx, key, paymentId));
  }

  private async storedStatus(key: string): Promise<PaymentStatus> {
    const row = await this.barrier.find(key);
    if (row?.kind !== 'action') throw new ProblemError('not_found', 'There is no payment under this key');
    const payment = await this.db
      .selectFrom('payments')
      .selectAll()
      .where('key', '=', key)
      .executeTakeFirst();
    return {
      key,
      orderId: row.order_id,
      state: STATES[row.state],
      ...(payment && { amount: { value: payment.amount, currency: payment.currency } }),
      ...(typeof payment?.payment_id === 'string' && { paymentId: payment.payment_id }),
    };
  }
}

function refusalOf(key: string, result: Exclude<ChargeResult, { outcome: 'charged' }>): ProblemError {
  if (result.outcome === 'declined') {
    return new ProblemError('payment_declined', `The payment was declined: ${DECLINES[result.reason]}`, {
      reason: result.reason,
    });
  }
  // Not by a refund of ours: that one would have been found in the barrier.
  return new ProblemError('already_compensated', `The payment provider has reversed ${key}`);
}

/** The provider does not say, or a refund came in between: the stored state is the answer then. */
function leavesOpen(error: unknown): boolean {
  return (
    error instanceof ProblemError &&
    (error.code === 'provider_timeout' ||
      error.code === 'provider_unavailable' ||
      error.code === 'already_compensated')
  );
}

async function writeIntent(
  trx: Transaction<PaymentTables>,
  key: string,
  { orderId, amount }: ProcessPaymentRequest,
): Promise<void> {
  const now = Date.now();
  await trx
    .insertInto('payments')
    .values({
      key,
      order_id: orderId,
      amount: amount.value,
      currency: amount.currency,
      payment_id: null,
      created_at: now,
      updated_at: now,
    })
    .execute();
}

async function writePaymentId(
  trx: Transaction<PaymentTables>,
  key: string,
  paymentId: string,
): Promise<void> {
  await trx
    .updateTable('payments')
    .set({ payment_id: paymentId, updated_at: Date.now() })
    .where('key', '=', key)
    .execute();
}
