import { setHandler } from '@temporalio/workflow';
import type { OrderActivities } from '../activities/activities';
import type { Money } from '../domain/money';
import type { OrderContent, OrderView } from '../domain/order';
import { ORDER_TRANSACTION, STEPS_OF } from '../domain/steps';
import { SagaFailure } from '../saga/errors';
import type { SagaPolicies } from '../saga/policy';
import { Saga } from '../saga/saga';
import { orderStatusQuery } from './definitions';
import { handleOrderMessages } from './order-messages';
import { OrderProgress } from './order-progress';
import type { OrderPast } from './order-progress';
import { undosOf } from './undo';

interface RunOrderInput extends OrderPast {
  readonly order: OrderContent;
  readonly amount: Money;
  readonly policies: SagaPolicies;
  /** What the saga is called. @default `ORDER_TRANSACTION` */
  readonly title?: string;
}

/**
 * Runs `body` as the saga of an order that can be asked, cancelled, retried and skipped, and returns the order's view
 * at its end.
 *
 * A declined card is an outcome of the business, not a fault of the workflow: every such end is returned, and a
 * failed workflow always means a bug.
 */
export async function runOrder(
  { order, amount, policies, title = ORDER_TRANSACTION, ...known }: RunOrderInput,
  body: (saga: Saga<OrderActivities>, progress: OrderProgress) => Promise<void>,
): Promise<OrderView> {
  const progress = new OrderProgress(order, amount, known);
  const undo = undosOf(order.orderId);
  const saga = new Saga<OrderActivities>({
    title,
    plan: STEPS_OF[order.transaction],
    policies,
    commonAttributes: { 'order.id': order.orderId },
    attributes: { 'customer.id': order.customerId, 'items.count': order.items.length },
    undoOf: (step) => {
      const plan = STEPS_OF[order.transaction].find(({ name }) => name === step);
      return plan === undefined || 'phase' in plan ? undefined : undo[plan.compensation.name];
    },
    onPhase: (phase) => {
      progress.enter(phase);
    },
  });
  const view = () => progress.view(saga);
  setHandler(orderStatusQuery, view);
  handleOrderMessages(saga, progress, view);
  try {
    await saga.run(() => body(saga, progress));
  } catch (error) {
    // Everything is undone and the view says why.
    if (!(error instanceof SagaFailure)) throw error;
  }
  return view();
}
