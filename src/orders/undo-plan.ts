import type { Money } from '../domain/money';
import { isFinal } from '../domain/order';
import type { OrderItem, OrderStatus, OrderView, StepView } from '../domain/order';
import { STEPS_OF } from '../domain/steps';
import type { CompensationName, OrderStep, StepName } from '../domain/steps';
import { PastCancellingError } from './errors';

/** Money that an undo gives back: `captured` is refunded, `held` was only authorised, and is released. */
export interface MoneyMove extends Money {
  readonly from: 'captured' | 'held';
}

/** Units that an undo sets free: as the inventory service's books call where they are until then. */
export interface StockMove {
  readonly from: 'sold' | 'reserved';
  readonly items: readonly OrderItem[];
}

/** What an undo moves: nothing, where it only calls something off. */
export interface Moves {
  readonly money?: MoneyMove;
  readonly stock?: StockMove;
}

/** One undo that would run. */
export interface PlannedUndo extends Moves {
  readonly step: CompensationName;
  readonly undoes: StepName;
  /** False where nobody knows yet whether there is anything to undo: then it moves this, or nothing. */
  readonly certain: boolean;
}

/** What an order is planned by. */
type PlannedOrder = Pick<
  OrderView,
  'orderId' | 'status' | 'transaction' | 'steps' | 'compensations' | 'items' | 'amount' | 'failure'
>;

const MOVES: Readonly<Record<CompensationName, { money?: MoneyMove['from']; stock?: StockMove['from'] }>> = {
  cancel_order: {},
  release_inventory: { stock: 'sold' },
  refund_payment: { money: 'captured' },
  cancel_inventory: { stock: 'reserved' },
  cancel_payment: { money: 'held' },
  reverse_inventory: { stock: 'sold' },
  reverse_payment: { money: 'captured' },
  cancel_shipment: {},
};

/**
 * Every undo of an order that is left to run, in the order it would run in: of one that is being undone, or waits, those
 * that are not settled; of one that is at work, those that would run if it were cancelled at this moment.
 */
export function undoPlan(order: PlannedOrder): readonly PlannedUndo[] {
  if (isFinal(order.status)) return [];
  if (isUndone(order.status)) {
    return order.compensations
      .filter(({ state }) => state !== 'done' && state !== 'skipped')
      .map(({ step, undoes }) => planned(order, step, undoes));
  }
  return effectsOf(order)
    .map(({ name, compensation }) => planned(order, compensation.name, name))
    .toReversed();
}

/** What cancelling an order would do, and what it would come to. */
export interface CancelPlan {
  readonly orderId: string;
  readonly status: OrderStatus;
  /**
   * `undo`: it would be undone. Otherwise cancelling would change nothing: it is being undone already, or what could not
   * be undone waits for an operator.
   */
  readonly effect: 'undo' | 'already_compensating' | 'needs_attention';
  /** Steps that are finished before anything is undone: once both are held, a TCC transaction keeps its promise. */
  readonly finishFirst: readonly StepName[];
  readonly undo: readonly PlannedUndo[];
  /** What the order ends as, when every undo succeeds. */
  readonly ends: 'cancelled' | 'failed';
}

/**
 * The plan of a cancel that would be sent at this moment; an order that is at work may be a step further when a real one
 * comes.
 *
 * @throws {@link PastCancellingError} when it would be refused, as a real one is.
 */
export function cancelPlan(order: PlannedOrder): CancelPlan {
  const { orderId, status } = order;
  if (isFinal(status)) throw new PastCancellingError(orderId, status);
  const undo = undoPlan(order);
  if (isUndone(status)) {
    const effect = status === 'needs_attention' ? 'needs_attention' : 'already_compensating';
    return { orderId, status, effect, finishFirst: [], undo, ends: endOf(order) };
  }
  return { orderId, status, effect: 'undo', finishFirst: promised(order), undo, ends: 'cancelled' };
}

/** What an order that is being undone ends as, when that succeeds. */
export function endOf({ failure }: Pick<PlannedOrder, 'failure'>): CancelPlan['ends'] {
  return failure?.code === 'cancelled' ? 'cancelled' : 'failed';
}

/** What the undo of `undoes` moves, of this order. */
export function planned(order: PlannedOrder, step: CompensationName, undoes: StepName): PlannedUndo {
  const { money, stock } = MOVES[step];
  return {
    step,
    undoes,
    certain: stepOf(order, undoes)?.state === 'done',
    ...(money !== undefined && { money: { from: money, ...order.amount } }),
    ...(stock !== undefined && { stock: { from: stock, items: order.items } }),
  };
}

/** True when its undoing has begun: then its compensations say what is left of that. */
function isUndone(status: OrderStatus): boolean {
  return status === 'compensating' || status === 'needs_attention';
}

/** The steps, first to last, whose effects stand or may stand when a cancel comes to an order that is at work. */
function effectsOf(order: PlannedOrder): readonly OrderStep[] {
  const confirming = isConfirming(order);
  return STEPS_OF[order.transaction].filter((plan) => {
    // Once one participant confirms, all do; what was held is sold and paid then, and no longer held.
    if ('phase' in plan) return plan.phase === 'confirm' ? confirming : !confirming && isBegun(order, plan);
    return isBegun(order, plan);
  });
}

function promised(order: PlannedOrder): StepName[] {
  if (!isConfirming(order)) return [];
  return confirmsOf(order)
    .filter(({ name }) => stepOf(order, name)?.state !== 'done')
    .map(({ name }) => name);
}

function isConfirming(order: PlannedOrder): boolean {
  return confirmsOf(order).some((plan) => isBegun(order, plan));
}

function confirmsOf({ transaction }: PlannedOrder): readonly OrderStep[] {
  return STEPS_OF[transaction].filter((plan) => 'phase' in plan && plan.phase === 'confirm');
}

/** A step that runs may have had its effect, and counts as one that had. */
function isBegun(order: PlannedOrder, { name }: OrderStep): boolean {
  const state = stepOf(order, name)?.state;
  return state === 'running' || state === 'done' || state === 'unknown';
}

function stepOf({ steps }: PlannedOrder, name: StepName): StepView | undefined {
  return steps.find(({ step }) => step === name);
}
