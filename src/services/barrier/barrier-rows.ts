import type { Insertable, RawBuilder, Transaction } from 'kysely';
import { sql } from 'kysely';
import type { CompensationResponse } from '../../domain/service-contract';
import { isRefusal } from '../../domain/errors';
import { ProblemError, problemOf } from '../../http/problem';
import type { BarrierRow, BarrierState, BarrierTable, BarrierTables } from './barrier-table';

/** What a request is answered: first by its effect, then from the row, for as long as the row exists. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

export interface Answer extends Reply {
  /** True when it comes from the row of an earlier request with the same key. */
  readonly replayed: boolean;
}

type BarrierTransaction = Transaction<BarrierTables>;

/** What has been settled needs no end that comes by itself. */
const SETTLED: ReadonlySet<BarrierState> = new Set([
  'refused',
  'compensated',
  'voided',
  'confirmed',
  'expired',
]);

/** A row as it is made. */
export type Claim = Pick<
  Insertable<BarrierTable>,
  'key' | 'kind' | 'state' | 'order_id' | 'fingerprint' | 'compensates'
> & { readonly expires_at?: RawBuilder<number> };

/** The row of a key, locked; `fresh` when it was made just now. */
export interface Claimed {
  readonly row: BarrierRow;
  readonly fresh: boolean;
}

/**
 * Makes the row of a key, or locks the one that is there: no two transactions are ever past this for the same key.
 *
 * On PostgreSQL the insert waits for a concurrent one to end, and `for update` for everything after it; on SQLite
 * the transaction has the database for itself.
 */
export async function claim(trx: BarrierTransaction, values: Claim): Promise<Claimed> {
  const now = Date.now();
  const inserted = await trx
    .insertInto('barrier')
    .values({ expires_at: null, ...values, status: null, body: null, created_at: now, updated_at: now })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .returningAll()
    .executeTakeFirst();
  return inserted === undefined
    ? { row: await lock(trx, values.key), fresh: false }
    : { row: inserted, fresh: true };
}

/** The row of a key that is known to have one, locked until the transaction ends. */
export async function lock(trx: BarrierTransaction, key: string): Promise<BarrierRow> {
  return trx
    .selectFrom('barrier')
    .selectAll()
    .where('key', '=', key)
    .forUpdate()
    .executeTakeFirstOrThrow(() => new Error(`The barrier has no row for ${key}`));
}

/** Moves a key on without an answer of its own. */
export async function setState(trx: BarrierTransaction, key: string, state: BarrierState): Promise<void> {
  await trx.updateTable('barrier').set(stateValues(state)).where('key', '=', key).execute();
}

/** Leaves the hold to whoever settles it: it has no end any more that comes by itself. */
export async function stopClock(trx: BarrierTransaction, key: string): Promise<void> {
  await trx.updateTable('barrier').set({ expires_at: null }).where('key', '=', key).execute();
}

/** Stores the answer that every duplicate will get: success as `done`, a refusal as `refused`. */
export async function record(
  trx: BarrierTransaction,
  key: string,
  outcome: Reply | ProblemError,
): Promise<Answer> {
  const reply = outcome instanceof ProblemError ? refusalReply(outcome) : outcome;
  await trx
    .updateTable('barrier')
    .set({
      ...stateValues(outcome instanceof ProblemError ? 'refused' : 'done'),
      status: reply.status,
      body: JSON.stringify(reply.body),
    })
    .where('key', '=', key)
    .execute();
  return { ...reply, replayed: false };
}

function stateValues(state: BarrierState) {
  return { state, updated_at: Date.now(), ...(SETTLED.has(state) && { expires_at: null }) };
}

function refusalReply(refusal: ProblemError): Reply {
  const problem = problemOf(refusal);
  return { status: problem.status, body: problem };
}

/** The answer stored in a row that has one. */
export function storedAnswer(row: BarrierRow): Answer {
  if (row.status === null || row.body === null) throw new Error(`The barrier has no answer for ${row.key}`);
  return { status: row.status, body: JSON.parse(row.body) as unknown, replayed: true };
}

/** How a compensation answers, whether it did something or found nothing to do. */
export function compensationReply(result: CompensationResponse['result']): Reply {
  return { status: 200, body: { result } satisfies CompensationResponse };
}

/**
 * Runs `effect`; when it refuses, everything that it wrote is gone, while the key's row stays. Any other error
 * passes through and ends the whole transaction.
 */
export async function refusable(
  trx: BarrierTransaction,
  effect: () => Promise<Reply>,
): Promise<Reply | ProblemError> {
  await sql`savepoint effect`.execute(trx);
  try {
    return await effect();
  } catch (error) {
    if (!(error instanceof ProblemError) || !isRefusal(error.code)) throw error;
    await sql`rollback to savepoint effect`.execute(trx);
    return error;
  }
}
