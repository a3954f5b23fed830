import { ApplicationFailure } from '@temporalio/workflow';
import type { OrderActivities } from '../activities/activities';
import { ABANDONED } from '../domain/order';
import type { OrderView } from '../domain/order';
import { ORDER_SETTLEMENT, STEPS_OF } from '../domain/steps';
import type { CompensationName, OrderStep, StepName } from '../domain/steps';
import type { Reported } from '../saga/report';
import type { CompensationCall, PastEffect } from '../saga/step';
import type { AbandonedStep, SettlementInput } from './definitions';
import { runOrder } from './run-order';

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
    for (const plan of STEPS_OF[transaction]) {
      const { step, span, skipped, ...past } = stepOf(plan.name, steps);
      // Also of a completed order, whose cancellation may be there before this run's first moment.
      const madeBy = effectOf(plan, steps);
      const undo = UNDO[plan.compensation.name];
      const effect: PastEffect<OrderActivities> | undefined = madeBy && {
        madeBy,
        span,
        skipped,
        compensate: (call) => undo(call, orderId),
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

type Undo = (call: CompensationCall<OrderActivities>, orderId: string) => Promise<Reported<unknown>>;

const UNDO: Readonly<Record<CompensationName, Undo>> = {
  cancel_order: ({ activities, ...keys }, orderId) => activities.cancelOrder({ ...keys, orderId }),
  release_inventory: ({ activities, ...keys }, orderId) => activities.releaseInventory({ ...keys, orderId }),
  refund_payment: ({ activities, ...keys }, orderId) => activities.refundPayment({ ...keys, orderId }),
  cancel_inventory: ({ activities, ...keys }, orderId) => activities.cancelInventory({ ...keys, orderId }),
  cancel_payment: ({ activities, ...keys }, orderId) => activities.cancelPayment({ ...keys, orderId }),
  reverse_inventory: ({ activities, ...keys }, orderId) => activities.reverseInventory({ ...keys, orderId }),
  reverse_payment: ({ activities, ...keys }, orderId) => activities.reversePayment({ ...keys, orderId }),
  cancel_shipment: ({ activities, ...keys }, orderId) => activities.cancelShipment({ ...keys, orderId }),
};
