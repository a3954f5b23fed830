import type { Kysely, Transaction } from 'kysely';
import type { CompensationResponse } from '../../domain/service-contract';
import { ProblemError } from '../../http/problem';
import type { Answer, Reply } from './barrier-rows';
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
  constructor(private readonly db: Kysely<Tables>) {}

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
   * @throws ProblemError `idempotency_key_reused` when a key belongs to something else.
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

  /** Commits that the action is being undone: none that comes now starts any more. */
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

  private async transaction<Result>(
    run: (rows: Transaction<BarrierTables>, trx: Transaction<Tables>) => Promise<Result>,
  ): Promise<Result> {
    // One transaction seen twice: as the barrier's tables, and as the service's.
    return this.db.transaction().execute((trx) => run(trx as unknown as Transaction<BarrierTables>, trx));
  }
}

const nothing = () => Promise.resolve();

async function openAction(trx: Transaction<BarrierTables>, request: KeyedRequest): Promise<Opened> {
  const { row, fresh } = await claim(trx, {
    key: request.key,
    kind: 'action',
    state: 'pending',
    order_id: request.orderId,
    fingerprint: request.fingerprint,
    compensates: null,
  });
  if (fresh) return { open: 'first' };
  if (row.kind !== 'action' || (row.fingerprint !== null && row.fingerprint !== request.fingerprint)) {
    throw keyReused(request.key);
  }
  const answer = actionAnswer(row);
  return answer === undefined ? { open: 'again' } : { answer };
}

/** The final answer about an action, if there is one. @throws ProblemError when it was, or is being, undone. */
function actionAnswer(row: BarrierRow): Answer | undefined {
  switch (row.state) {
    case 'pending':
      return undefined;
    case 'done':
    case 'refused':
      return storedAnswer(row);
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

  const action = await claim(trx, {
    key: request.compensates,
    kind: 'action',
    state: 'voided',
    order_id: request.orderId,
    fingerprint: null,
    compensates: null,
  });
  if (action.row.kind !== 'action' || action.row.order_id !== request.orderId) {
    throw keyReused(request.compensates);
  }
  const result = undoneEarlier(action.row.state);
  if (result !== undefined) return { answer: await record(trx, request.key, compensationReply(result)) };
  await setState(trx, request.compensates, 'compensating');
  return { open: fresh ? 'first' : 'again' };
}

/** What a compensation has to say about an action with which nothing remains to be done. */
function undoneEarlier(state: BarrierState): UndoResult | undefined {
  if (state === 'compensated') return 'undone';
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

function keyReused(key: string): ProblemError {
  return new ProblemError('idempotency_key_reused', `The key ${key} belongs to another request`);
}
