import type { Kysely, Transaction } from 'kysely';
import type { CompensationResponse } from '../../domain/service-contract';
import { ProblemError } from '../../http/problem';
import type { Answer, Claim, Claimed, Reply } from './barrier-rows';
import { claim, compensationReply, lock, record, refusable, setState, storedAnswer } from './barrier-rows';
import type { BarrierRow, BarrierState, BarrierTables } from './barrier-table';
import type { KeyedCompensation, KeyedRequest } from './idempotency';

/** Answered from the row, or still to be done: for the first time, or by somebody who may have begun before. */
export type Opened = { readonly answer: Answer } | { readonly open: 'first' | 'again' };

type UndoResult = CompensationResponse['result'];

/**
 * Lets every effect happen at most once and never after its compensation, whatever repeats, overtakes or crashes.
 *
 * The sub-transaction barrier of DTM (https://en.dtm.pub/practice/barrier.html), one row per key, in the same
 * local transaction as the effect:
 *
 * - a **duplicate** gets the stored answer again; another payload under the key is `idempotency_key_reused`;
 * - a **null compensation** (undo before do) inserts the action's row, as `voided`;
 * - a **hanging** action (do after undo) finds that row and is refused as `already_compensated`;
 * - a **refusal** is an answer too, and stays one although stock may have come back meanwhile;
 * - any **other error** leaves nothing, not even the row.
 *
 * Unlike DTM's, a row keeps its answer, and rows are never deleted: no request can be late enough to find its
 * row gone. A compensation takes its own row first, then the action's, and an action only its own: no deadlock.
 *
 * Effects inside the database use {@link action} and {@link compensation}. Effects elsewhere cannot be in the
 * transaction: they use `open…`, act, then `settle…`, each a transaction of its own.
 */
export class Barrier<Tables extends BarrierTables> {
  constructor(protected readonly db: Kysely<Tables>) {}

  /**
   * Does `effect` once, with its key, in one transaction.
   *
   * @throws ProblemError `idempotency_key_reused`, `already_compensated`, and whatever open outcome `effect` throws.
   */
  async action(request: KeyedRequest, effect: (trx: Transaction<Tables>) => Promise<Reply>): Promise<Answer> {
    return this.transaction(async (rows, trx) => {
      const opened = await openAction(rows, request);
      if ('answer' in opened) return opened.answer;
      return record(rows, request.key, await refusable(rows, () => effect(trx)));
    });
  }

  /**
   * Undoes the action once, if it was done, with its key, in one transaction; from then on it cannot be done.
   *
   * @throws ProblemError `idempotency_key_reused` when a key belongs to something else; `hold_confirmed` when what
   *   undoes only what is held finds it confirmed, which is not stored: after a reversal the same request works.
   */
  async compensation(
    request: KeyedCompensation,
    undo: (trx: Transaction<Tables>) => Promise<void>,
  ): Promise<Answer> {
    return this.transaction(async (rows, trx) => {
      const opened = await openCompensation(rows, request);
      if ('answer' in opened) return opened.answer;
      await undo(trx);
      return closeCompensation(rows, request, 'undone');
    });
  }

  /** Commits that the action is about to be tried, with what `intent` writes the first time. */
  async openAction(
    request: KeyedRequest,
    intent: (trx: Transaction<Tables>) => Promise<void>,
  ): Promise<Opened> {
    return this.transaction(async (rows, trx) => {
      const opened = await openAction(rows, request);
      if ('open' in opened && opened.open === 'first') await intent(trx);
      return opened;
    });
  }

  /**
   * Commits what became of an opened action, with what `write` adds; the first to settle it decides.
   *
   * @throws ProblemError `already_compensated` when a compensation was opened meanwhile.
   */
  async settleAction(
    key: string,
    outcome: Reply | ProblemError,
    write: (trx: Transaction<Tables>) => Promise<void> = nothing,
  ): Promise<Answer> {
    return this.transaction(async (rows, trx) => {
      const row = await lock(rows, key);
      const answer = actionAnswer(row);
      if (answer !== undefined) return answer;
      await write(trx);
      return record(rows, key, outcome);
    });
  }

  /**
   * Commits that the action is being undone: none that comes now starts any more.
   *
   * @throws ProblemError as {@link compensation}.
   */
  async openCompensation(request: KeyedCompensation): Promise<Opened> {
    return this.transaction((rows) => openCompensation(rows, request));
  }

  /** Commits that the action is undone (or had not happened, and cannot). */
  async settleCompensation(request: KeyedCompensation, result: UndoResult): Promise<Answer> {
    return this.transaction(async (rows) => {
      const row = await lock(rows, request.key);
      if (row.state === 'done') return storedAnswer(row);
      const action = await lock(rows, request.compensates);
      return closeCompensation(rows, request, undoneEarlier(action.state) ?? result);
    });
  }

  /** What has become of a key, or undefined when it was never seen. */
  async find(key: string): Promise<BarrierRow | undefined> {
    const rows = this.db as unknown as Kysely<BarrierTables>;
    return rows.selectFrom('barrier').selectAll().where('key', '=', key).executeTakeFirst();
  }

  protected async transaction<Result>(
    run: (rows: Transaction<BarrierTables>, trx: Transaction<Tables>) => Promise<Result>,
  ): Promise<Result> {
    // One transaction seen twice: as the barrier's tables, and as the service's.
    return this.db.transaction().execute((trx) => run(trx as unknown as Transaction<BarrierTables>, trx));
  }
}

const nothing = () => Promise.resolve();

async function openAction(trx: Transaction<BarrierTables>, request: KeyedRequest): Promise<Opened> {
  const { row, fresh } = await claimAction(trx, request, { kind: 'action' });
  if (fresh) return { open: 'first' };
  const answer = actionAnswer(row);
  return answer === undefined ? { open: 'again' } : { answer };
}

/** The row of an action, new or not, which is this request's. @throws ProblemError `idempotency_key_reused`. */
export async function claimAction(
  trx: Transaction<BarrierTables>,
  request: KeyedRequest,
  as: Pick<Claim, 'kind' | 'expires_at'>,
): Promise<Claimed> {
  const claimed = await claim(trx, {
    ...as,
    key: request.key,
    state: 'pending',
    order_id: request.orderId,
    fingerprint: request.fingerprint,
    compensates: null,
  });
  const { kind, fingerprint } = claimed.row;
  if (kind !== as.kind || (fingerprint !== null && fingerprint !== request.fingerprint)) {
    throw keyReused(request.key);
  }
  return claimed;
}

/** The final answer about an action, if there is one. @throws ProblemError when it was, or is being, undone. */
export function actionAnswer(row: BarrierRow): Answer | undefined {
  switch (row.state) {
    case 'pending':
      return undefined;
    case 'done':
    case 'refused':
    case 'confirming':
    case 'confirmed':
      return storedAnswer(row);
    case 'expiring':
    case 'expired':
      throw holdExpired(row.key);
    case 'compensating':
    case 'compensated':
    case 'voided':
      throw new ProblemError(
        'already_compensated',
        `${row.key} was undone, or is being undone: it will not be done any more`,
      );
  }
}

async function openCompensation(
  trx: Transaction<BarrierTables>,
  request: KeyedCompensation,
): Promise<Opened> {
  const { row, fresh } = await claim(trx, {
    key: request.key,
    kind: 'compensation',
    state: 'pending',
    order_id: request.orderId,
    fingerprint: request.fingerprint,
    compensates: request.compensates,
  });
  if (row.kind !== 'compensation' || row.fingerprint !== request.fingerprint) throw keyReused(request.key);
  if (row.state === 'done') return { answer: storedAnswer(row) };

  const action = await claimSubject(trx, request, {
    key: request.compensates,
    kind: request.undoes === 'action' ? 'action' : 'hold',
  });
  if (request.undoes === 'held' && (action.state === 'confirming' || action.state === 'confirmed')) {
    throw new ProblemError(
      'hold_confirmed',
      `${request.compensates} was confirmed: only a reversal undoes it`,
    );
  }
  const result = undoneEarlier(action.state);
  if (result !== undefined) return { answer: await record(trx, request.key, compensationReply(result)) };
  await setState(trx, request.compensates, 'compensating');
  return { open: fresh ? 'first' : 'again' };
}

/**
 * The row of the action that a request is about; one that never arrived gets a row by which it is refused when it
 * does. @throws ProblemError `idempotency_key_reused` when the key belongs to something else.
 */
export async function claimSubject(
  trx: Transaction<BarrierTables>,
  { orderId }: Pick<KeyedRequest, 'orderId'>,
  subject: Pick<Claim, 'key' | 'kind'>,
): Promise<BarrierRow> {
  const { row } = await claim(trx, {
    ...subject,
    state: 'voided',
    order_id: orderId,
    fingerprint: null,
    compensates: null,
  });
  if (row.kind !== subject.kind || row.order_id !== orderId) throw keyReused(subject.key);
  return row;
}

/** What a compensation has to say about an action with which nothing remains to be done. */
function undoneEarlier(state: BarrierState): UndoResult | undefined {
  if (state === 'compensated' || state === 'expired') return 'undone';
  return state === 'voided' || state === 'refused' ? 'nothing_to_undo' : undefined;
}

async function closeCompensation(
  trx: Transaction<BarrierTables>,
  request: KeyedCompensation,
  result: UndoResult,
): Promise<Answer> {
  const action = await lock(trx, request.compensates);
  if (action.state === 'compensating') {
    await setState(trx, request.compensates, result === 'undone' ? 'compensated' : 'voided');
  }
  return record(trx, request.key, compensationReply(result));
}

/** The refusal of whatever comes for a hold after its end. */
export function holdExpired(key: string): ProblemError {
  return new ProblemError('hold_expired', `The hold ${key} has expired`);
}

export function keyReused(key: string): ProblemError {
  return new ProblemError('idempotency_key_reused', `The key ${key} belongs to another request`);
}
