import { setHandler } from '@temporalio/workflow';
import type { OrderActivities } from '../activities/activities';
import type { OrderView } from '../domain/order';
import { ORDER_TRANSACTION, STEPS_OF } from '../domain/steps';
import { SagaFailure } from '../saga/errors';
import { Saga } from '../saga/saga';
import type { OrderWorkflowInput } from './definitions';
import { orderStatusQuery } from './definitions';
import { handleOrderMessages } from './order-messages';
import { OrderProgress } from './order-progress';

/**
 * Runs `body` as the saga of an order that can be asked, cancelled, retried and skipped, and returns the order's view
 * at its end.
 *
 * A declined card is an outcome of the business, not a fault of the workflow: every such end is returned, and a
 * failed workflow always means a bug.
 */
export async function runOrder(
  { order, amount, policies }: OrderWorkflowInput,
  body: (saga: Saga<OrderActivities>, progress: OrderProgress) => Promise<void>,
): Promise<OrderView> {
  const progress = new OrderProgress(order, amount);
  const saga = new Saga<OrderActivities>({
    title: ORDER_TRANSACTION,
    plan: STEPS_OF[order.transaction],
    policies,
    commonAttributes: { 'order.id': order.orderId },
    attributes: { 'customer.id': order.customerId, 'items.count': order.items.length },
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
