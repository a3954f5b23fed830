import type { ProcessPaymentRequest } from '../../domain/service-contract';
import type { Barrier } from '../barrier/barrier';
import type { Answer } from '../barrier/barrier-rows';
import type { KeyedCompensation, KeyedRequest } from '../barrier/idempotency';
import { ProblemError } from '../../http/problem';
import { withinDeadline } from './deadline';
import type { ProviderAccess } from './payments';
import { settlePayment, writeIntent } from './payments';
import type { PaymentTables } from './tables';

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
  constructor(
    private readonly barrier: Barrier<PaymentTables>,
    private readonly access: ProviderAccess,
  ) {}

  /**
   * Charges once.
   *
   * @throws ProblemError `provider_unavailable`, `provider_timeout` (outcome open), `already_compensated`.
   */
  async charge(keyed: KeyedRequest, payment: ProcessPaymentRequest): Promise<Answer> {
    const opened = await this.barrier.openAction(keyed, (trx) => writeIntent(trx, keyed.key, payment));
    if ('answer' in opened) return opened.answer;
    const { provider, timeoutMs } = this.access;
    const result = await withinDeadline(timeoutMs, async (signal) => {
      const known = opened.open === 'again' ? await provider.lookup(keyed.key, signal) : undefined;
      return known ?? (await provider.charge({ key: keyed.key, ...payment }, signal));
    });
    return settlePayment(this.barrier, keyed.key, result);
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
    const { provider, timeoutMs } = this.access;
    const { outcome } = await withinDeadline(timeoutMs, (signal) =>
      provider.refund(keyed.compensates, keyed.orderId, signal),
    );
    if (outcome === 'refused') {
      throw new ProblemError('refund_refused', 'The payment provider refuses to refund this payment');
    }
    return this.barrier.settleCompensation(keyed, outcome === 'refunded' ? 'undone' : 'nothing_to_undo');
  }
}
