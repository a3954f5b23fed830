import type { Kysely } from 'kysely';
import type { PaymentBooks } from '../../../domain/service-contract';
import type { Telemetry } from '../../../telemetry/telemetry';
import type { DatabaseConfig } from '../../../database/open-database';
import { openDatabase, pingDatabase } from '../../../database/open-database';
import type { PageRequest } from '../../pagination';
import { ProblemError } from '../../../http/problem';
import type {
  AuthorisationResult,
  CaptureResult,
  ChargeRequest,
  ChargeResult,
  PaymentProvider,
  RefundResult,
  VoidResult,
} from '../provider';
import { accountBooks } from './account-books';
import { captureOnce, giveBackOnce, takeOnce, voidOnce } from './charges';
import type { Charge } from './charges';
import { behaviourOf } from './methods';
import type { SandboxTables } from './tables';
import { sandboxMigrations } from './tables';

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
    const result = await this.take(request, 'charged', signal);
    if (result.outcome === 'authorised') throw new Error(`${request.key} was authorised, not charged`);
    return result;
  }

  async authorise(request: ChargeRequest, signal: AbortSignal): Promise<AuthorisationResult> {
    const result = await this.take(request, 'authorised', signal);
    if (result.outcome === 'charged') throw new Error(`${request.key} was charged already`);
    return result;
  }

  async lookup(key: string, signal: AbortSignal): Promise<ChargeResult | AuthorisationResult | undefined> {
    const row = await this.db.selectFrom('charges').selectAll().where('key', '=', key).executeTakeFirst();
    return row === undefined || row.state === 'open' ? undefined : answer(row, signal);
  }

  async capture(key: string): Promise<CaptureResult> {
    return this.db.transaction().execute((trx) => captureOnce(trx, key));
  }

  async void(key: string, orderId: string): Promise<VoidResult> {
    return this.db.transaction().execute((trx) => voidOnce(trx, key, orderId));
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

  private async take(request: ChargeRequest, as: 'charged' | 'authorised', signal: AbortSignal) {
    const row = await this.db.transaction().execute((trx) => takeOnce(trx, request, as));
    if (row.state === 'open') {
      throw new ProblemError('provider_unavailable', 'The payment provider is unavailable: try again');
    }
    return answer(row, signal);
  }
}

async function answer(row: Charge, signal: AbortSignal): Promise<ChargeResult | AuthorisationResult> {
  if (row.method !== null && !behaviourOf(row.method).answers) await silence(signal);
  switch (row.state) {
    case 'charged':
    case 'authorised':
      if (row.payment_id === null) break;
      return { outcome: row.state, paymentId: row.payment_id };
    case 'declined':
      if (row.reason === null) break;
      return { outcome: 'declined', reason: row.reason };
    case 'refunded':
    case 'voided':
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
