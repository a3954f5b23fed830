import type { Money } from '../../domain/money';
import type { PaymentBooks } from '../../domain/service-contract';
import type { PageRequest } from '../pagination';

/** What became of a charge: `reversed` means that nothing is, or will be, kept of it. */
export type ChargeResult = { readonly outcome: 'charged'; readonly paymentId: string } | NothingTaken;

/** What became of an authorisation: the money is held, not taken. */
export type AuthorisationResult =
  { readonly outcome: 'authorised'; readonly paymentId: string } | NothingTaken;

export type NothingTaken =
  { readonly outcome: 'declined'; readonly reason: DeclineReason } | { readonly outcome: 'reversed' };

export type DeclineReason = 'card_declined' | 'insufficient_funds' | 'unknown_payment_method';

export interface CaptureResult {
  /** `nothing_held`: it was never authorised, or given back: it cannot be taken any more. */
  readonly outcome: 'captured' | 'nothing_held';
}

export interface VoidResult {
  /** `captured`: it was taken, and a void does not give that back. */
  readonly outcome: 'voided' | 'nothing_held' | 'captured';
}

export interface RefundResult {
  /** `voided`: it was only held, and is not any more. */
  readonly outcome: 'refunded' | 'voided' | 'nothing_charged' | 'refused';
}

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
  /** Holds the money once per key, until it is captured, voided or refunded; a key that was reversed holds none. */
  authorise(request: ChargeRequest, signal: AbortSignal): Promise<AuthorisationResult>;
  /** What became of a key, or undefined when the provider has come to no result under it. */
  lookup(key: string, signal: AbortSignal): Promise<ChargeResult | AuthorisationResult | undefined>;
  /** Takes what is held under `key`, once. */
  capture(key: string, signal: AbortSignal): Promise<CaptureResult>;
  /** Gives up what is held under `key`, and makes sure that nothing is held under it any more; see `refund`. */
  void(key: string, orderId: string, signal: AbortSignal): Promise<VoidResult>;
  /**
   * Gives back what was charged or is held under `key`, once, and makes sure that nothing is taken under it any
   * more: a charge that is still under way is refused when it arrives (a reversal, as ISO 8583 has it).
   */
  refund(key: string, orderId: string, signal: AbortSignal): Promise<RefundResult>;
  /** The account book: what was really taken, given back and held. */
  books(page: PageRequest): Promise<PaymentBooks>;
  /** Fails when the provider does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
