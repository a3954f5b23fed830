import { randomUUID } from 'node:crypto';
import type { Kysely, Selectable, Transaction } from 'kysely';
import type { PaymentBooks } from '../../../domain/service-contract';
import type { Telemetry } from '../../../telemetry/telemetry';
import type { DatabaseConfig } from '../../../database/open-database';
import { openDatabase, pingDatabase } from '../../../database/open-database';
import type { PageRequest } from '../../pagination';
import { ProblemError } from '../../../http/problem';
import type { ChargeRequest, ChargeResult, PaymentProvider, RefundResult } from '../provider';
import { accountBooks } from './account-books';
import { behaviourOf } from './methods';
import type { ChargeTable, SandboxTables } from './tables';
import { sandboxMigrations } from './tables';

type Charge = Selectable<ChargeTable>;

/** The sandbox with its own account book, which nothing of the payment service writes to. */
export async function openSandboxProvider(
  config: DatabaseConfig,
  telemetry: Telemetry,
): Promise<PaymentProvider> {
  const options = { schema: 'payment_provider', migrations: sandboxMigrations, telemetry };
  return new SandboxProvider(await openDatabase<SandboxTables>(config, options));
}

/** Behaves like a real provider under its test tokens: what it has taken is committed before it answers, or does not. */
class SandboxProvider implements PaymentProvider {
  constructor(private readonly db: Kysely<SandboxTables>) {}

  async charge(request: ChargeRequest, signal: AbortSignal): Promise<ChargeResult> {
    const row = await this.db.transaction().execute((trx) => takeOnce(trx, request));
    if (row.state === 'open') {
      throw new ProblemError('provider_unavailable', 'The payment provider is unavailable: try again');
    }
    return answer(row, signal);
  }

  async lookup(key: string, signal: AbortSignal): Promise<ChargeResult | undefined> {
    const row = await this.db.selectFrom('charges').selectAll().where('key', '=', key).executeTakeFirst();
    return row === undefined || row.state === 'open' ? undefined : answer(row, signal);
  }

  async refund(key: string, orderId: string): Promise<RefundResult> {
    return this.db.transaction().execute((trx) => giveBackOnce(trx, key, orderId));
  }

  books(page: PageRequest): Promise<PaymentBooks> {
    return accountBooks(this.db, page);
  }

  ping(): Promise<void> {
    return pingDatabase(this.db);
  }

  close(): Promise<void> {
    return this.db.destroy();
  }
}

async function takeOnce(trx: Transaction<SandboxTables>, request: ChargeRequest): Promise<Charge> {
  const row = await claimCharge(trx, {
    key: request.key,
    order_id: request.orderId,
    state: 'open',
    method: request.method,
    currency: request.amount.currency,
  });
  if (row.state !== 'open') return row;
  const behaviour = behaviourOf(request.method);
  if (behaviour.declines !== undefined) {
    return change(trx, row.key, { state: 'declined', reason: behaviour.declines });
  }
  if (row.failures < behaviour.failures) return change(trx, row.key, { failures: row.failures + 1 });
  return change(trx, row.key, {
    state: 'charged',
    payment_id: `pay_${randomUUID()}`,
    charged: row.charged + request.amount.value,
  });
}

async function giveBackOnce(
  trx: Transaction<SandboxTables>,
  key: string,
  orderId: string,
): Promise<RefundResult> {
  const row = await claimCharge(trx, {
    key,
    order_id: orderId,
    state: 'reversed',
    method: null,
    currency: '',
  });
  switch (row.state) {
    case 'refunded':
      return { outcome: 'refunded' };
    case 'open':
      await change(trx, key, { state: 'reversed' });
      return { outcome: 'nothing_charged' };
    case 'declined':
    case 'reversed':
      return { outcome: 'nothing_charged' };
    case 'charged':
      if (!behaviourOf(row.method ?? '').refundable) return { outcome: 'refused' };
      await change(trx, key, { state: 'refunded', refunded: row.charged });
      return { outcome: 'refunded' };
  }
}

/** The row of the key, new or not, locked until the transaction ends. */
async function claimCharge(
  trx: Transaction<SandboxTables>,
  values: Pick<ChargeTable, 'key' | 'order_id' | 'state' | 'method' | 'currency'>,
): Promise<Charge> {
  const now = Date.now();
  await trx
    .insertInto('charges')
    .values({
      ...values,
      payment_id: null,
      reason: null,
      charged: 0,
      refunded: 0,
      held: 0,
      failures: 0,
      created_at: now,
      updated_at: now,
    })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute();
  return trx
    .selectFrom('charges')
    .selectAll()
    .where('key', '=', values.key)
    .forUpdate()
    .executeTakeFirstOrThrow();
}

function change(
  trx: Transaction<SandboxTables>,
  key: string,
  values: Partial<Pick<ChargeTable, 'state' | 'payment_id' | 'reason' | 'charged' | 'refunded' | 'failures'>>,
): Promise<Charge> {
  return trx
    .updateTable('charges')
    .set({ ...values, updated_at: Date.now() })
    .where('key', '=', key)
    .returningAll()
    .executeTakeFirstOrThrow();
}

async function answer(row: Charge, signal: AbortSignal): Promise<ChargeResult> {
  if (row.method !== null && !behaviourOf(row.method).answers) await silence(signal);
  switch (row.state) {
    case 'charged':
      if (row.payment_id === null) break;
      return { outcome: 'charged', paymentId: row.payment_id };
    case 'declined':
      if (row.reason === null) break;
      return { outcome: 'declined', reason: row.reason };
    case 'refunded':
    case 'reversed':
      return { outcome: 'reversed' };
    case 'open':
      break;
  }
  throw new Error(`The charge ${row.key} is ${row.state} without a result`);
}

/** Lasts until the caller has had enough. */
function silence(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const giveUp = () => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
}
