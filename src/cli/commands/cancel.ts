import type { OrderClient } from '../../orders/order-client';
import { cancelPlan } from '../../orders/undo-plan';
import type { CommandContext } from '../context';
import { EXIT } from '../failure';
import type { ExitCode } from '../failure';
import { orderIdArgument } from '../order-argument';
import { awaitAndPrint } from '../outcome';
import { renderCancelPlan } from '../render-plan';
import { withSession } from '../session';

export interface CancelOptions {
  readonly by: string;
  readonly reason?: string;
  readonly detach?: true;
  readonly dryRun?: true;
}

/** Asks that an order be undone, and by default waits until it is; 1 when it completed all the same. */
export async function cancel(
  id: string,
  { by, reason, detach, dryRun }: CancelOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { output } = context;
  const orderId = orderIdArgument(id);
  return withSession(context, {}, async ({ orders }) => {
    if (dryRun === true) return printPlan(orders, orderId, context);
    await orders.cancel(orderId, { by, ...(reason !== undefined && { reason }) });
    output.note(`Order ${orderId}: cancelling was asked for`);
    if (detach === true) {
      output.result(
        { orderId, cancelRequested: true },
        () => `Follow it: npx orders status ${orderId} --watch`,
      );
      return EXIT.done;
    }
    const outcome = await awaitAndPrint(orders, orderId, context);
    if (outcome === undefined || outcome.status === 'cancelled' || outcome.status === 'failed')
      return EXIT.done;
    if (outcome.status === 'completed')
      output.note(`Order ${orderId} completed before it could be cancelled`);
    return EXIT.notCompleted;
  });
}

/** Says what a cancel would do, does nothing, and ends as one would whose undos all succeed. */
async function printPlan(
  orders: Pick<OrderClient, 'get'>,
  orderId: string,
  { output }: CommandContext,
): Promise<ExitCode> {
  const plan = cancelPlan(await orders.get(orderId));
  output.result({ dryRun: true, ...plan }, () => renderCancelPlan(plan, output));
  return plan.effect === 'needs_attention' ? EXIT.notCompleted : EXIT.done;
}
