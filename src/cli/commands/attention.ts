import type { OrderView } from '../../domain/order';
import type { CompensationName } from '../../domain/steps';
import { attentionPlan } from '../../orders/attention-plan';
import { waitingOrders } from '../../orders/waiting-orders';
import type { CommandContext } from '../context';
import { EXIT } from '../failure';
import type { ExitCode } from '../failure';
import { printable } from '../output';
import type { Output } from '../output';
import { titleOf, utcTime } from '../render-order';
import { renderAttentionPlan } from '../render-plan';
import { withSession } from '../session';
import { renderTable } from '../table';

export interface AttentionOptions {
  readonly plan?: true;
  readonly step?: CompensationName;
  readonly customer?: string;
}

/** Prints every order that waits for an operator, and for what; with `plan`, what each decision would do. */
export async function attention(
  { plan, step, customer }: AttentionOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { output } = context;
  return withSession(context, { search: true }, async ({ orders }) => {
    const waiting = await waitingOrders(orders, { customerId: customer, step });
    if (plan === true) printPlans(waiting, output);
    else output.result({ orders: waiting }, () => renderAttention(waiting, output));
    return EXIT.done;
  });
}

const NOBODY = 'No order waits for an operator';

function printPlans(waiting: readonly OrderView[], output: Output): void {
  const orders = waiting.map((order) => ({ ...order, plan: attentionPlan(order) }));
  output.result({ orders }, () =>
    orders.length === 0
      ? NOBODY
      : orders.map((order) => renderAttentionPlan(order, order.plan, output)).join('\n\n'),
  );
}

function renderAttention(orders: readonly OrderView[], output: Output): string {
  if (orders.length === 0) return NOBODY;
  const rows = orders.flatMap(({ orderId, customerId, updatedAt, compensations }) =>
    compensations
      .filter(({ state }) => state === 'failed')
      .map(({ step, error }) => [orderId, customerId, titleOf(step), utcTime(updatedAt), error ?? '']),
  );
  const [first] = orders;
  return [
    renderTable(['ORDER', 'CUSTOMER', 'COULD NOT', 'SINCE (UTC)', 'WHY'], rows, {
      colours: output.colours,
      width: output.width,
      whole: [0],
    }),
    '',
    output.colours.dim(`Try again:  npx orders retry ${printable(first?.orderId ?? 'ID')}`),
    output.colours.dim(
      `Give it up: npx orders skip ${printable(first?.orderId ?? 'ID')} --step STEP --reason '…'`,
    ),
    output.colours.dim('What each would do: npx orders attention --plan'),
  ].join('\n');
}
