import type { OrderView } from '../../domain/order';
import { MAX_PAGE } from '../../orders/order-list';
import type { OrderClient } from '../../orders/order-client';
import type { CommandContext } from '../context';
import { EXIT } from '../failure';
import type { ExitCode } from '../failure';
import { printable } from '../output';
import type { Output } from '../output';
import { titleOf, utcTime } from '../render-order';
import { withSession } from '../session';
import { renderTable } from '../table';

/** Prints every order that waits for an operator, and for what. */
export async function attention(_options: object, context: CommandContext): Promise<ExitCode> {
  const { output } = context;
  return withSession(context, { search: true }, async ({ orders }) => {
    const waiting = await waitingOrders(orders);
    output.result({ orders: waiting }, () => renderAttention(waiting, output));
    return EXIT.done;
  });
}

async function waitingOrders(orders: OrderClient): Promise<OrderView[]> {
  const views: OrderView[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await orders.waiting({ limit: MAX_PAGE, cursor });
    views.push(...page.orders);
    cursor = page.nextCursor;
    if (cursor === undefined) return views;
  }
}

function renderAttention(orders: readonly OrderView[], output: Output): string {
  if (orders.length === 0) return 'No order waits for an operator';
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
  ].join('\n');
}
