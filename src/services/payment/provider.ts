import type { Money } from '../../domain/money';
import type { PaymentBooks } from '../../domain/service-contract';
import type { PageRequest } from '../pagination';

/** What became of a charge: `reversed` means that nothing is, or will be, kept of it. */
export type ChargeResult =
  | { readonly outcome: 'charged'; readonly paymentId: string }
  | { readonly outcome: 'declined'; readonly reason: DeclineReason }
  | { readonly outcome: 'reversed' };

export type DeclineReason = 'card_declined' | 'insufficient_funds' | 'unknown_payment_method';

export type RefundResult =
  | { readonly outcome: 'refunded' }
  | { readonly outcome: 'nothing_charged' }
  | { readonly outcome: 'refused' };

export interface ChargeRequest {
  /** One key, one charge, however often it is sent. */
  readonly key: string;
  readonly orderId: string;
  readonly amount: Money;
  readonly method: string;
}

/**
 * Somebody else's system that moves money: no transaction of ours reaches into it, any call may be carried out
 * without being answered.
 *
 * Every call rejects with the signal's reason when the signal aborts first, and then nobody knows whether it was
 * carried out.
 *
 * @throws ProblemError `provider_unavailable` when the provider says that it did nothing and may be tried again.
 */
export interface PaymentProvider {
  /** Takes the money once per key; a key that was reversed is never charged. */
  charge(request: ChargeRequest, signal: AbortSignal): Promise<ChargeResult>;
  /** What became of a charge, or undefined when the provider has come to no result under that key. */
  lookup(key: string, signal: AbortSignal): Promise<ChargeResult | undefined>;
  /**
   * Gives back what was charged under `key`, once, and makes sure that nothing is charged under it any more: a
   * charge that is still under way is refused when it arrives (a reversal, as ISO 8583 has it).
   */
  refund(key: string, orderId: string, signal: AbortSignal): Promise<RefundResult>;
  /** The account book: what was really taken and given back. */
  books(page: PageRequest): Promise<PaymentBooks>;
  /** Fails when the provider does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
