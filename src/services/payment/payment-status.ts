import type { Kysely } from 'kysely';
import type { Money } from '../../domain/money';
import type { Barrier } from '../barrier/barrier';
import type { BarrierRow, BarrierState } from '../barrier/barrier-table';
import { ProblemError } from '../../http/problem';
import { withinDeadline } from './deadline';
import type { ProviderAccess } from './payments';
import { settlePayment } from './payments';
import type { PaymentTables } from './tables';

/**
 * What became of a payment's key. `intent`: on its way to the provider, outcome unknown. `held`: authorised;
 * `capturing`: being confirmed. `reversing`: being given back. `reversed`: held or charged, and given back.
 * `expired`: held, and given back because nobody confirmed it in time. `voided`: nothing was taken, nor will be.
 */
export type PaymentState =
  | 'intent'
  | 'held'
  | 'capturing'
  | 'charged'
  | 'declined'
  | 'reversing'
  | 'refunded'
  | 'reversed'
  | 'expired'
  | 'voided';

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
  confirming: 'capturing',
  confirmed: 'charged',
  expiring: 'reversing',
  expired: 'expired',
  compensating: 'reversing',
  compensated: 'refunded',
  voided: 'voided',
};
const HOLD_STATES: Readonly<Record<BarrierState, PaymentState>> = {
  ...STATES,
  done: 'held',
  compensated: 'reversed',
};

export interface StatusDeps extends ProviderAccess {
  readonly db: Kysely<PaymentTables>;
  readonly barrier: Barrier<PaymentTables>;
}

/**
 * What became of a key. An open intent is looked up at the provider, and what it says is recorded; while it does
 * not say, the state is `intent`.
 *
 * @throws ProblemError `not_found` for a key that was never seen.
 */
export async function paymentStatus(deps: StatusDeps, key: string): Promise<PaymentStatus> {
  const { barrier, provider, timeoutMs } = deps;
  const row = await paymentRow(barrier, key);
  if (row.state !== 'pending') return storedStatus(deps.db, row);
  try {
    const result = await withinDeadline(timeoutMs, (signal) => provider.lookup(key, signal));
    if (result === undefined) return await storedStatus(deps.db, row);
    const expiresAt = row.expires_at === null ? undefined : new Date(row.expires_at).toISOString();
    await settlePayment(barrier, key, result, expiresAt);
  } catch (error) {
    if (!leavesOpen(error)) throw error;
  }
  return storedStatus(deps.db, await paymentRow(barrier, key));
}

async function paymentRow(barrier: Barrier<PaymentTables>, key: string): Promise<BarrierRow> {
  const row = await barrier.find(key);
  if (row?.kind !== 'action' && row?.kind !== 'hold') {
    throw new ProblemError('not_found', 'There is no payment under this key');
  }
  return row;
}

async function storedStatus(db: Kysely<PaymentTables>, row: BarrierRow): Promise<PaymentStatus> {
  const { key } = row;
  const payment = await db.selectFrom('payments').selectAll().where('key', '=', key).executeTakeFirst();
  return {
    key,
    orderId: row.order_id,
    state: (row.kind === 'hold' ? HOLD_STATES : STATES)[row.state],
    ...(payment && { amount: { value: payment.amount, currency: payment.currency } }),
    ...(typeof payment?.payment_id === 'string' && { paymentId: payment.payment_id }),
  };
}

/** The provider does not say, or an undo came in between: the stored state is the answer then. */
function leavesOpen(error: unknown): boolean {
  return (
    error instanceof ProblemError &&
    (error.code === 'provider_timeout' ||
      error.code === 'provider_unavailable' ||
      error.code === 'already_compensated' ||
      error.code === 'hold_expired')
  );
}
