import type { Money } from '../domain/money';
import type { CompensationView, OrderView } from '../domain/order';
import type { CompensationName } from '../domain/steps';
import { endOf, planned, undoPlan } from './undo-plan';
import type { CancelPlan, Moves, PlannedUndo } from './undo-plan';

/** An undo that could not be finished, and that somebody must decide on. */
export interface WaitingUndo extends PlannedUndo {
  /** ISO 8601 in UTC. */
  readonly since: string;
  readonly attempts: number;
  readonly error?: string;
}

/** An undo that somebody has given up, and what that leaves. */
export interface GivenUpUndo extends PlannedUndo {
  readonly skippedBy: string;
  readonly reason: string;
}

/** What skipping one undo would come to. */
export interface SkipPlan {
  readonly step: CompensationName;
  /** What stays as it is, for somebody to settle by other means: it is a debt in `orders audit`. */
  readonly leaves: Moves;
  /** What the order would still wait with. */
  readonly stillWaiting: readonly CompensationName[];
  /** What the order ends as, when nothing is left to wait for. */
  readonly ends?: CancelPlan['ends'];
}

/** What an operator has to decide about one order, and what each decision would do. */
export interface AttentionPlan {
  /** Since when the first of it waits, ISO 8601 in UTC. */
  readonly since: string;
  readonly waiting: readonly WaitingUndo[];
  /** What `retry` would run, in this order; when all of it succeeds, the order ends. */
  readonly retry: { readonly undo: readonly PlannedUndo[]; readonly ends: CancelPlan['ends'] };
  readonly skip: readonly SkipPlan[];
  readonly givenUp: readonly GivenUpUndo[];
}

/** What each decision about an order that waits for an operator would do; empty of one that does not. */
export function attentionPlan(order: OrderView): AttentionPlan {
  const undo = order.status === 'needs_attention' ? undoPlan(order) : [];
  const waiting = undo.map((one) => waitingUndo(order, one));
  const [since = order.updatedAt] = waiting.map((one) => one.since).sort();
  const ends = endOf(order);
  return {
    since,
    waiting,
    retry: { undo, ends },
    skip: undo.map(({ step, money, stock }) => {
      const stillWaiting = undo.map((other) => other.step).filter((other) => other !== step);
      return {
        step,
        leaves: { ...(money && { money }), ...(stock && { stock }) },
        stillWaiting,
        ...(stillWaiting.length === 0 && { ends }),
      };
    }),
    givenUp: order.compensations
      .filter(({ state }) => state === 'skipped')
      .map(({ step, undoes, skippedBy = 'unknown', reason = '' }) => ({
        ...planned(order, step, undoes),
        skippedBy,
        reason,
      })),
  };
}

function waitingUndo(order: OrderView, undo: PlannedUndo): WaitingUndo {
  const {
    endedAt,
    attempts = 0,
    error,
  }: Partial<CompensationView> = order.compensations.find(({ step }) => step === undo.step) ?? {};
  return { ...undo, since: endedAt ?? order.updatedAt, attempts, ...(error !== undefined && { error }) };
}

/** All the money that `undos` give back, by currency. */
export function moneyOf(undos: readonly PlannedUndo[]): Money[] {
  const values = new Map<string, number>();
  for (const { money } of undos) {
    if (money !== undefined) values.set(money.currency, (values.get(money.currency) ?? 0) + money.value);
  }
  return [...values].map(([currency, value]) => ({ value, currency }));
}
