import type { CompensationView, StepView } from '../../domain/order';
import type { OrderStep } from '../../domain/steps';
import { EXCEPTION_EVENT } from '../../saga/semconv';
import { ATTR } from '../../telemetry/semconv';
import type { StoredSpan } from '../../telemetry/stored-span';
import type { OrderTrace } from './order-trace';
import { phaseOf } from './order-trace';
import type { TracedOrder } from './traced-order';

/** A part of a TCC transaction as the order has it. */
export interface Part {
  readonly plan: OrderStep;
  readonly view: StepView;
}

/** What undid or undoes a part, inside of the transaction. */
export interface Undo {
  readonly plan: OrderStep;
  readonly view: CompensationView;
}

/** What the order says of its TCC transaction. */
export interface TccStory {
  /** Parts that were begun; of those of `confirm`, none before all of `try` were done. */
  readonly try: readonly Part[];
  readonly confirm: readonly Part[];
  /** Every confirm is done: the transaction is over, and what comes later is the saga's. */
  readonly completed: boolean;
  /** Where it was decided against; undefined while nothing is, and when it completed. */
  readonly failedAt: 'try' | 'confirm' | undefined;
  /** What the Cancel phase undoes, in all of its rounds together. */
  readonly undos: readonly Undo[];
}

/** Undefined where the order has no TCC transaction, or does not say how far it has come. */
export function tccStory(trace: OrderTrace): TccStory | undefined {
  const { order, plans } = trace;
  const parts = plans.filter((plan) => phaseOf(plan) !== undefined);
  if (order.steps === undefined || parts.length === 0) return undefined;
  const begun = (phase: 'try' | 'confirm') =>
    partsOf(phase, parts, order).filter(({ view }) => isBegun(view));
  const completed = partsOf('confirm', parts, order).every(({ view }) => view.state === 'done');
  const confirm = begun('confirm');
  const hasFailed = order.failure !== undefined && !completed && begun('try').length > 0;
  return {
    try: begun('try'),
    confirm,
    completed,
    failedAt: !hasFailed ? undefined : confirm.length > 0 ? 'confirm' : 'try',
    undos: completed ? [] : undosOf(parts, order),
  };
}

/** Why rounds of this part's undoing failed, as the events of the Cancel phase say. */
export function failuresOf(step: string, cancel: readonly StoredSpan[]): unknown[] {
  return cancel
    .flatMap(({ events }) => events)
    .filter(({ name, attributes }) => name === EXCEPTION_EVENT && attributes[ATTR.sagaStep] === step)
    .map(({ attributes }) => attributes[ATTR.exceptionMessage]);
}

function partsOf(phase: 'try' | 'confirm', parts: readonly OrderStep[], { steps = [] }: TracedOrder): Part[] {
  return parts
    .filter((plan) => phaseOf(plan) === phase)
    .flatMap((plan) => {
      const view = steps.find(({ step }) => step === plan.name);
      return view === undefined ? [] : [{ plan, view }];
    });
}

function undosOf(parts: readonly OrderStep[], { compensations = [] }: TracedOrder): Undo[] {
  return compensations.flatMap((view) => {
    const plan = parts.find(({ compensation }) => compensation.name === view.step);
    return plan === undefined ? [] : [{ plan, view }];
  });
}

function isBegun({ state }: StepView): boolean {
  return state !== 'pending' && state !== 'skipped';
}
