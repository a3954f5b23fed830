import { ApplicationFailure } from '@temporalio/workflow';
import type { OrderActivities } from '../activities/activities';
import { ABANDONED } from '../domain/order';
import type { OrderView } from '../domain/order';
import { ORDER_SETTLEMENT, STEPS_OF } from '../domain/steps';
import type { OrderStep, StepName } from '../domain/steps';
import type { PastEffect } from '../saga/step';
import type { AbandonedStep, SettlementInput } from './definitions';
import { runOrder } from './run-order';
import { undosOf } from './undo';

/**
 * Ends an order whose own workflow is gone: `failed` with everything undone that was done, or may have been, in reverse
 * and under the keys that the order itself would have used; or `completed`, when everything had been done.
 *
 * It runs under the order's own workflow id: there is one at a time, and whoever asks for the order, or retries or skips
 * what could not be undone, reaches it as they would have reached the order.
 */
export function orderSettlement(input: SettlementInput): Promise<OrderView> {
  const { order, steps, settlement, completed } = input;
  const { orderId, transaction } = order;
  return runOrder({ ...input, title: ORDER_SETTLEMENT }, (saga, progress) => {
    progress.paymentId = input.paymentId;
    progress.shipmentId = input.shipmentId;
    const undo = undosOf(orderId);
    for (const plan of STEPS_OF[transaction]) {
      const { step, span, skipped, ...past } = stepOf(plan.name, steps);
      // Also of a completed order, whose cancellation may be there before this run's first moment.
      const madeBy = effectOf(plan, steps);
      const effect: PastEffect<OrderActivities> | undefined = madeBy && {
        madeBy,
        span,
        skipped,
        compensate: undo[plan.compensation.name],
      };
      saga.adopt(plan, past, effect);
    }
    if (completed) return Promise.resolve();
    const why = `The workflow of the order ${ABANDONED[settlement.abandoned]}`;
    throw ApplicationFailure.nonRetryable(why, 'order_interrupted');
  });
}

function stepOf(name: StepName, steps: readonly AbandonedStep[]): AbandonedStep {
  return steps.find(({ step }) => step === name) ?? { step: name, state: 'pending', attempts: 0 };
}

/**
 * The step under whose key `plan`'s compensation finds an effect: its own, unless it was refused or never begun. What a
 * TCC transaction holds is undone once: by the cancel, or, when it may have been confirmed, by the reversal.
 */
function effectOf(plan: OrderStep, steps: readonly AbandonedStep[]): StepName | undefined {
  if (!mayStand(plan.name, steps)) return undefined;
  if (!('phase' in plan)) return plan.name;
  const { hold, sale } = PARTS[plan.name];
  if (plan.name === sale) return hold;
  return mayStand(sale, steps) ? undefined : hold;
}

function mayStand(name: StepName, steps: readonly AbandonedStep[]): boolean {
  const { state } = stepOf(name, steps);
  return state === 'done' || state === 'unknown';
}

const INVENTORY = { hold: 'try_inventory', sale: 'confirm_inventory' } as const;
const PAYMENT = { hold: 'try_payment', sale: 'confirm_payment' } as const;
const PARTS = {
  try_inventory: INVENTORY,
  confirm_inventory: INVENTORY,
  try_payment: PAYMENT,
  confirm_payment: PAYMENT,
} as const;
