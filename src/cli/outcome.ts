import { isFinal } from '../domain/order';
import type { OrderView } from '../domain/order';
import { NoWorkerError } from '../orders/errors';
import type { OrderClient } from '../orders/order-client';
import type { CommandContext } from './context';
import { EXIT } from './failure';
import type { ExitCode } from './failure';
import { renderOrder, renderSummary } from './render-order';

/** Prints the whole order. */
export function printOrder(order: OrderView, { output }: CommandContext): void {
  output.result(order, () => renderOrder(order, output));
}

/** 0 for a completed order, 1 for any other. */
export function exitCodeOfOrder({ status }: OrderView): ExitCode {
  return status === 'completed' ? EXIT.done : EXIT.notCompleted;
}

/**
 * Waits up to `ORDER_WAIT_MS`, then prints how the order stands; says how to follow it when it is still at
 * work. Returns the order when its outcome is known: final, or waiting for an operator.
 */
export async function awaitAndPrint(
  orders: OrderClient,
  orderId: string,
  context: CommandContext,
): Promise<OrderView | undefined> {
  const { config, output } = context;
  const outcome = await orders.waitForOutcome(orderId, { timeoutMs: config.orderWaitMs });
  if (outcome !== undefined) {
    printOrder(outcome, context);
    return outcome;
  }
  const waited = `${String(config.orderWaitMs / 1000)} s`;
  try {
    const order = await orders.get(orderId);
    printOrder(order, context);
    // It may have ended just now.
    if (isFinal(order.status)) return order;
    output.note(`Still ${order.status} after ${waited}. Follow it: npx orders status ${orderId} --watch`);
  } catch (error) {
    if (!(error instanceof NoWorkerError)) throw error;
    const summary = await orders.summary(orderId);
    output.result(summary, () => renderSummary(summary, output));
    output.note(`Not done after ${waited}. ${error.message}`);
    output.note(`Then follow it: npx orders status ${orderId} --watch`);
  }
  return undefined;
}
