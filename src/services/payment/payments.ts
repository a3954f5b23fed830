import type { Transaction } from 'kysely';
import type {
  ProcessPaymentRequest,
  ProcessPaymentResponse,
  TryPaymentResponse,
} from '../../domain/service-contract';
import type { Barrier } from '../barrier/barrier';
import type { Answer } from '../barrier/barrier-rows';
import { ProblemError } from '../../http/problem';
import type {
  AuthorisationResult,
  ChargeResult,
  DeclineReason,
  NothingTaken,
  PaymentProvider,
} from './provider';
import type { PaymentTables } from './tables';

/** Where charges and holds are carried out. */
export interface ProviderAccess {
  readonly provider: PaymentProvider;
  /** How long one request waits for the provider in all, ms. */
  readonly timeoutMs: number;
}

const DECLINES: Readonly<Record<DeclineReason, string>> = {
  card_declined: 'card declined',
  insufficient_funds: 'insufficient funds',
  unknown_payment_method: 'unknown payment method',
};

/** Writes down what is about to be asked of the provider, before it is. */
export async function writeIntent(
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

/**
 * Commits what the provider says of an opened charge, or of an opened hold, which has an end: `expiresAt`.
 *
 * @throws ProblemError `already_compensated`, `hold_expired`: it was undone meanwhile.
 */
export async function settlePayment(
  barrier: Barrier<PaymentTables>,
  key: string,
  result: ChargeResult | AuthorisationResult,
  expiresAt?: string,
): Promise<Answer> {
  if (result.outcome === 'declined' || result.outcome === 'reversed') {
    return barrier.settleAction(key, refusalOf(key, result));
  }
  const { outcome, paymentId } = result;
  if ((outcome === 'authorised') !== (expiresAt !== undefined)) {
    throw new Error(`The payment provider has ${outcome} ${key}, which is not what it was asked for`);
  }
  const body =
    expiresAt === undefined
      ? ({ paymentId } satisfies ProcessPaymentResponse)
      : ({ paymentId, expiresAt } satisfies TryPaymentResponse);
  return barrier.settleAction(key, { status: 201, body }, (trx) => writePaymentId(trx, key, paymentId));
}

function refusalOf(key: string, result: NothingTaken): ProblemError {
  if (result.outcome === 'declined') {
    return new ProblemError('payment_declined', `The payment was declined: ${DECLINES[result.reason]}`, {
      reason: result.reason,
    });
  }
  // Not by an undo of ours: that one would have been found in the barrier.
  return new ProblemError('already_compensated', `The payment provider has reversed ${key}`);
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
