import type { Kysely, Transaction } from 'kysely';
import { sql } from 'kysely';
import type { ConfirmResponse } from '../../domain/service-contract';
import { databaseNow } from '../../database/clock';
import { ProblemError } from '../../http/problem';
import { actionAnswer, Barrier, claimAction, claimSubject, holdExpired, keyReused } from './barrier';
import type { Opened } from './barrier';
import type { Answer, Reply } from './barrier-rows';
import { claim, lock, record, refusable, setState, stopClock, storedAnswer } from './barrier-rows';
import type { BarrierRow, BarrierState, BarrierTables } from './barrier-table';
import type { KeyedConfirmation, KeyedRequest } from './idempotency';

/** An opened try; `expiresAt` is when the hold ends by itself: ISO 8601 in UTC. */
export type OpenedHold =
  { readonly answer: Answer } | { readonly open: 'first' | 'again'; readonly expiresAt: string };

/** A hold whose time was over when {@link HoldBarrier.due} found it, and so is for ever. */
export interface DueHold {
  readonly key: string;
  readonly orderId: string;
  readonly expiresAtMs: number;
}

/** What an expiry found where the effect is: it was held and is free now; it was never held; it was confirmed. */
export type ExpiryFinding = 'freed' | 'nothing' | 'confirmed';

/**
 * The barrier of a TCC participant: a hold is confirmed, or cancelled, or expires, never two of these, whatever
 * repeats, overtakes, crashes or never comes.
 *
 * ```text
 *  try ─▶ pending ──▶ done ─────▶ confirming ──▶ confirmed          confirm, in time
 *            │ ╲       │ ╲            │ ╲            │
 *            │  ╲      │  ╲───────▶ expiring ──▶ expired            the service's own clock
 *            │   ╲     ▼              ▼              │
 *            │    ╲▶ compensating ◀──────────────────┘ (not by a cancel: only by a reversal)
 *            ▼         │        ╲
 *         refused      ▼         ╲▶ compensated                     it had happened, and was undone
 *                    voided ◀── (cancelled, reversed or confirmed before it arrived)
 * ```
 *
 * DTM's sub-transaction barrier (https://en.dtm.pub/practice/barrier.html) settles try against cancel: empty
 * compensation and hanging, as {@link Barrier} does. It leaves confirm against cancel to its coordinator, which
 * decides once; here the participant holds that as well, in the row of the try's key:
 *
 * | arrives | finds                        | is answered                                                          |
 * | ------- | ---------------------------- | -------------------------------------------------------------------- |
 * | try     | `pending`/`done`, time over  | `hold_expired`                                                       |
 * | try     | `expiring`, `expired`        | `hold_expired`                                                       |
 * | try     | `compensat…`, `voided`       | `already_compensated`                                                |
 * | try     | any other row                | what the first try was answered                                      |
 * | confirm | no row                       | `already_compensated`, and makes it `voided`: no try comes after it  |
 * | confirm | `pending`                    | `hold_pending`: neither before the try nor after it; leaves nothing  |
 * | confirm | `done`, time over            | `hold_expired`, and makes it `expiring`: no clock changes that       |
 * | confirm | `expiring`, `expired`        | `hold_expired`                                                       |
 * | confirm | `refused`, `compensat…`, `voided` | `already_compensated`                                           |
 * | cancel  | `confirming`, `confirmed`    | `hold_confirmed`; a reversal undoes it                               |
 * | cancel  | `expired`                    | `undone`                                                             |
 *
 * A refused confirm stays refused: its answer is stored under its own key. `confirming` and `expiring` are only
 * ever committed for effects elsewhere, as `pending` and `compensating`; `expiring` besides by a late confirm.
 * One that is `confirming` when its time is over was in time: whether it is `confirmed` or `expired` is what the
 * place of the effect says, which does one or the other.
 *
 * The expiry is by the database's clock, and only decides by writing a state: processes whose clocks differ, or a
 * clock that is set back, move the moment but never the rules.
 */
export class HoldBarrier<Tables extends BarrierTables> extends Barrier<Tables> {
  /** @param ttlMs how long a hold lasts that is neither confirmed nor cancelled. */
  constructor(
    db: Kysely<Tables>,
    private readonly ttlMs: number,
  ) {
    super(db);
  }

  /**
   * Holds once, with its key, in one transaction.
   *
   * @throws ProblemError `idempotency_key_reused`, `already_compensated`, `hold_expired`, and whatever open outcome
   *   `effect` throws.
   */
  async hold(
    request: KeyedRequest,
    effect: (trx: Transaction<Tables>, expiresAt: string) => Promise<Reply>,
  ): Promise<Answer> {
    return this.transaction(async (rows, trx) => {
      const opened = await openHold(rows, request, this.ttlMs);
      if ('answer' in opened) return opened.answer;
      return record(rows, request.key, await refusable(rows, () => effect(trx, opened.expiresAt)));
    });
  }

  /**
   * Confirms the hold once, with its key, in one transaction; a refusal is an answer.
   *
   * @throws ProblemError `idempotency_key_reused`.
   */
  async confirmation(
    request: KeyedConfirmation,
    confirm: (trx: Transaction<Tables>) => Promise<void>,
  ): Promise<Answer> {
    return this.transaction(async (rows, trx) => {
      const opened = await openConfirmation(rows, request);
      if ('answer' in opened) return opened.answer;
      await confirm(trx);
      await setState(rows, request.confirms, 'confirmed');
      return record(rows, request.key, CONFIRMED);
    });
  }

  /** Frees a hold whose time is over in one transaction, unless somebody was quicker; says whether it did. */
  async expire({ key }: DueHold, free: (trx: Transaction<Tables>) => Promise<void>): Promise<boolean> {
    return this.transaction(async (rows, trx) => {
      const { state } = await lock(rows, key);
      if (state !== 'done' && state !== 'expiring') return false;
      await free(trx);
      await setState(rows, key, 'expired');
      return true;
    });
  }

  /** Commits that the hold is about to be tried, with what `intent` writes the first time. @throws as {@link hold}. */
  async openHold(
    request: KeyedRequest,
    intent: (trx: Transaction<Tables>) => Promise<void>,
  ): Promise<OpenedHold> {
    return this.transaction(async (rows, trx) => {
      const opened = await openHold(rows, request, this.ttlMs);
      if ('open' in opened && opened.open === 'first') await intent(trx);
      return opened;
    });
  }

  /**
   * Commits that the hold is being confirmed: no cancel stops it any more.
   *
   * @throws ProblemError `hold_pending` when its try is under way, `idempotency_key_reused`.
   */
  async openConfirmation(request: KeyedConfirmation): Promise<Opened> {
    return this.transaction(async (rows) => {
      const opened = await openConfirmation(rows, request);
      if ('open' in opened) await setState(rows, request.confirms, 'confirming');
      return opened;
    });
  }

  /** Commits what became of an opened confirm: `gone` when there was nothing held any more. */
  async settleConfirmation(request: KeyedConfirmation, found: 'confirmed' | 'gone'): Promise<Answer> {
    return this.transaction(async (rows) => {
      const row = await lock(rows, request.key);
      if (row.state !== 'pending') return storedAnswer(row);
      const hold = await lock(rows, request.confirms);
      if (hold.state === 'confirming') {
        hold.state = found === 'confirmed' ? 'confirmed' : 'expired';
        await setState(rows, request.confirms, hold.state);
      }
      return record(rows, request.key, hold.state === 'confirmed' ? CONFIRMED : confirmRefusal(hold));
    });
  }

  /** Commits that the hold's time is over, unless it is settled: no confirm that comes now starts any more. */
  async openExpiry({ key }: DueHold): Promise<boolean> {
    return this.transaction(async (rows) => {
      const { state, expires_at: end } = await lock(rows, key);
      if (end === null) return false;
      if (isOpenEnded(state)) await setState(rows, key, 'expiring');
      return true;
    });
  }

  /** Commits what an expiry found where the effect is, unless somebody was quicker; says whether the hold ended so. */
  async settleExpiry({ key }: DueHold, found: ExpiryFinding): Promise<boolean> {
    return this.transaction(async (rows) => {
      const { state } = await lock(rows, key);
      const next = afterExpiry(state, found);
      if (next === undefined) return false;
      await setState(rows, key, next);
      if (next === 'compensating') await stopClock(rows, key);
      return next !== 'confirmed' && next !== 'compensating';
    });
  }

  /** Holds whose time is over, the oldest first, from the one that follows `after`. */
  async due(after: DueHold | undefined, limit: number): Promise<readonly DueHold[]> {
    const rows = await (this.db as unknown as Kysely<BarrierTables>)
      .selectFrom('barrier')
      .select(['key', 'order_id', 'expires_at'])
      .where('expires_at', '<=', databaseNow(this.db))
      .where(sql<boolean>`(expires_at, key) > (${after?.expiresAtMs ?? -1}, ${after?.key ?? ''})`)
      .orderBy('expires_at')
      .orderBy('key')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      key: row.key,
      orderId: row.order_id,
      expiresAtMs: row.expires_at ?? 0,
    }));
  }
}

const CONFIRMED: Reply = { status: 200, body: { result: 'confirmed' } satisfies ConfirmResponse };

async function openHold(
  trx: Transaction<BarrierTables>,
  request: KeyedRequest,
  ttlMs: number,
): Promise<OpenedHold> {
  const expiry = sql<number>`${databaseNow(trx)} + ${ttlMs}`;
  const { row, fresh } = await claimAction(trx, request, { kind: 'hold', expires_at: expiry });
  if (!fresh) {
    const answer = actionAnswer(row);
    if (isOpenEnded(row.state) && (await isDue(trx, row.key))) throw holdExpired(row.key);
    if (answer !== undefined) return { answer };
  }
  if (row.expires_at === null) throw new Error(`The hold ${row.key} has no expiry`);
  return { open: fresh ? 'first' : 'again', expiresAt: new Date(row.expires_at).toISOString() };
}

async function openConfirmation(
  trx: Transaction<BarrierTables>,
  request: KeyedConfirmation,
): Promise<Opened> {
  const { row, fresh } = await claim(trx, {
    key: request.key,
    kind: 'confirmation',
    state: 'pending',
    order_id: request.orderId,
    fingerprint: request.fingerprint,
    compensates: request.confirms,
  });
  if (row.kind !== 'confirmation' || row.fingerprint !== request.fingerprint) throw keyReused(request.key);
  if (row.state !== 'pending') return { answer: storedAnswer(row) };

  const hold = await claimSubject(trx, request, { key: request.confirms, kind: 'hold' });
  if (hold.state === 'pending') {
    throw new ProblemError('hold_pending', `The hold ${hold.key} is still being made`);
  }
  if (hold.state === 'done' && (await isDue(trx, hold.key))) {
    hold.state = 'expiring';
    await setState(trx, hold.key, hold.state);
  }
  if (hold.state === 'done' || hold.state === 'confirming') return { open: fresh ? 'first' : 'again' };
  const outcome = hold.state === 'confirmed' ? CONFIRMED : confirmRefusal(hold);
  return { answer: await record(trx, request.key, outcome) };
}

/** Why a hold that is not there any more cannot be confirmed. */
function confirmRefusal({ key, state }: BarrierRow): ProblemError {
  if (state === 'expiring' || state === 'expired') return holdExpired(key);
  return new ProblemError('already_compensated', `There is no hold ${key}, and there will be none`);
}

/** Whether the clock decides about a hold in this state. */
function isOpenEnded(state: BarrierState): boolean {
  return state === 'pending' || state === 'done';
}

/** What an expiry makes of a hold, or undefined when it was settled meanwhile. */
function afterExpiry(state: BarrierState, found: ExpiryFinding): BarrierState | undefined {
  switch (state) {
    case 'confirming':
      return found === 'confirmed' ? 'confirmed' : 'expired';
    case 'expiring':
      if (found === 'confirmed') throw new Error('A hold was confirmed although its expiry had begun');
      return found === 'freed' ? 'expired' : 'voided';
    case 'compensating':
      // Its cancel never came back. A reversal of what was confirmed is not the clock's to finish.
      if (found === 'confirmed') return 'compensating';
      return found === 'freed' ? 'compensated' : 'voided';
    default:
      return undefined;
  }
}

async function isDue(trx: Transaction<BarrierTables>, key: string): Promise<boolean> {
  const { due } = await trx
    .selectFrom('barrier')
    .select(sql<boolean | number | null>`expires_at <= ${databaseNow(trx)}`.as('due'))
    .where('key', '=', key)
    .executeTakeFirstOrThrow();
  return Boolean(due);
}
