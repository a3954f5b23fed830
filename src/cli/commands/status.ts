import type { CommandContext } from '../context';
import { EXIT } from '../failure';
import type { ExitCode } from '../failure';
import { orderIdArgument } from '../order-argument';
import { exitCodeOfOrder, printOrder } from '../outcome';
import { withSession } from '../session';
import { watchOrder } from '../watch';

/** Prints one order; with `watch`, follows it to its outcome first and ends with that outcome's code. */
export async function status(
  id: string,
  { watch }: { readonly watch?: true },
  context: CommandContext,
): Promise<ExitCode> {
  const orderId = orderIdArgument(id);
  return withSession(context, {}, async ({ orders }) => {
    const order =
      watch === true ? await watchOrder(orders, orderId, context.output) : await orders.get(orderId);
    printOrder(order, context);
    return watch === true ? exitCodeOfOrder(order) : EXIT.done;
  });
}
