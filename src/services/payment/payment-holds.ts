import type { CompensationResponse, TryPaymentRequest } from '../../domain/service-contract';
import type { Answer } from '../barrier/barrier-rows';
import type { DueHold, ExpiryFinding, HoldBarrier } from '../barrier/hold-barrier';
import type { KeyedCompensation, KeyedConfirmation, KeyedRequest } from '../barrier/idempotency';
import type { HoldSettlement } from '../hold-routes';
import { ProblemError } from '../../http/problem';
import { withinDeadline } from './deadline';
import type { ProviderAccess } from './payments';
import { settlePayment, writeIntent } from './payments';
import type { RefundResult, VoidResult } from './provider';
import type { PaymentTables } from './tables';

const EXPIRY_FINDINGS: Readonly<Record<VoidResult['outcome'], ExpiryFinding>> = {
  voided: 'freed',
  nothing_held: 'nothing',
  captured: 'confirmed',
};

/**
 * Money on hold (TCC): authorised at most once per key, then captured, voided or expired, although the provider is
 * in no transaction of ours and any call to it may be carried out without being answered.
 *
 * ```text
 *   (1) commit intent, end ──▶ (2) provider.authorise(key) ──▶ (3) commit held | declined
 *   (4) commit confirming  ──▶ (5) provider.capture(key)   ──▶ (6) commit confirmed | expired
 *   (7) commit cancelling  ──▶ (8) provider.void(key)      ──▶ (9) commit undone | voided
 *   (7) commit expiring    ──▶ (8) provider.void(key)      ──▶ (9) commit expired | voided      by the clean-up
 *   (7) commit reversing   ──▶ (8) provider.refund(key)    ──▶ (9) commit undone | voided
 * ```
 *
 * A crash, or a reply lost, in each window:
 * - after 1: a retry looks the key up, finds nothing and authorises with the same key; a void leaves the provider a
 *   tombstone by which it refuses an authorisation that is still under way.
 * - after 2: a retry finds the authorisation by its key and records it. When the provider does not say (504), the
 *   intent stays open until a cancel, or its end, voids it.
 * - after 3: duplicates get the stored answer; when nobody confirms or cancels, the clean-up voids it at its end.
 * - after 4: a retry captures. A cancel is refused. When nobody retries, the clean-up voids at the end of the hold,
 *   and a capture that comes after that finds nothing held: `hold_expired`.
 * - after 5: a retry captures by the same key, which the provider does once, and records it; the clean-up finds it
 *   captured, and records that.
 * - after 7: no authorisation or capture starts any more. One that had started ends, at the provider, before 8,
 *   which voids or refunds it, or after 8, which it finds and is refused; its own 3 or 6 finds the mark of 7.
 * - after 8: a retry, or the clean-up, does the same by the same key, which the provider does once, and records it.
 *   A refund is nobody's but its reversal's: the clean-up gives back what is held, never what was taken.
 */
export class PaymentHolds implements HoldSettlement {
  constructor(
    private readonly barrier: HoldBarrier<PaymentTables>,
    private readonly access: ProviderAccess,
  ) {}

  /**
   * Authorises once.
   *
   * @throws ProblemError `provider_unavailable`, `provider_timeout` (outcome open), `already_compensated`,
   *   `hold_expired`.
   */
  async hold(keyed: KeyedRequest, payment: TryPaymentRequest): Promise<Answer> {
    const { key } = keyed;
    const opened = await this.barrier.openHold(keyed, (trx) => writeIntent(trx, key, payment));
    if ('answer' in opened) return opened.answer;
    const result = await this.ask(async (provider, signal) => {
      const known = opened.open === 'again' ? await provider.lookup(key, signal) : undefined;
      return known ?? (await provider.authorise({ key, ...payment }, signal));
    });
    return settlePayment(this.barrier, key, result, opened.expiresAt);
  }

  /**
   * Captures what is held, once.
   *
   * @throws ProblemError `provider_unavailable`, `provider_timeout` (outcome open), `hold_pending`.
   */
  async confirm(keyed: KeyedConfirmation): Promise<Answer> {
    const opened = await this.barrier.openConfirmation(keyed);
    if ('answer' in opened) return opened.answer;
    const { outcome } = await this.ask((provider, signal) => provider.capture(keyed.confirms, signal));
    return this.barrier.settleConfirmation(keyed, outcome === 'captured' ? 'confirmed' : 'gone');
  }

  /**
   * Voids what is held, or, by a reversal, refunds what was captured; from then on nothing can be taken.
   *
   * @throws ProblemError `hold_confirmed` (a cancel), `refund_refused` (a reversal), neither of them stored;
   *   `provider_unavailable`, `provider_timeout` (outcome open).
   */
  async undo(keyed: KeyedCompensation): Promise<Answer> {
    const opened = await this.barrier.openCompensation(keyed);
    if ('answer' in opened) return opened.answer;
    const { compensates, orderId, undoes } = keyed;
    const { outcome } = await this.ask<VoidResult | RefundResult>((provider, signal) =>
      undoes === 'held'
        ? provider.void(compensates, orderId, signal)
        : provider.refund(compensates, orderId, signal),
    );
    return this.barrier.settleCompensation(keyed, undoResult(compensates, outcome));
  }

  /** Voids a hold whose time is over, unless it is settled; says whether it did. */
  async expire(hold: DueHold): Promise<boolean> {
    if (!(await this.barrier.openExpiry(hold))) return false;
    const { outcome } = await this.ask((provider, signal) => provider.void(hold.key, hold.orderId, signal));
    return this.barrier.settleExpiry(hold, EXPIRY_FINDINGS[outcome]);
  }

  private ask<Result>(
    call: (provider: ProviderAccess['provider'], signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    return withinDeadline(this.access.timeoutMs, (signal) => call(this.access.provider, signal));
  }
}

function undoResult(
  key: string,
  outcome: (VoidResult | RefundResult)['outcome'],
): CompensationResponse['result'] {
  switch (outcome) {
    case 'voided':
    case 'refunded':
      return 'undone';
    case 'nothing_held':
    case 'nothing_charged':
      return 'nothing_to_undo';
    case 'captured':
      // A reversal of it is under way, or it would have been found in the barrier.
      throw new ProblemError('hold_confirmed', `${key} was confirmed, and is being reversed`);
    case 'refused':
      throw new ProblemError('refund_refused', 'The payment provider refuses to refund this payment');
  }
}
