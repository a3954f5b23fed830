import type { OrderStatus } from '../../domain/order';
import type { CommandContext } from '../context';
import { EXIT } from '../failure';
import type { ExitCode } from '../failure';
import { renderSummaries } from '../render-order';
import { withSession } from '../session';

export interface ListOptions {
  readonly status?: OrderStatus;
  readonly customer?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** Prints one page of orders, newest first. */
export async function list(
  { status, customer, limit, cursor }: ListOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { output } = context;
  return withSession(context, { search: true }, async ({ orders }) => {
    const page = await orders.list({ status, customerId: customer, limit, cursor });
    output.result(page, () =>
      page.orders.length === 0 ? 'No orders' : renderSummaries(page.orders, output),
    );
    if (page.nextCursor !== undefined && !output.json) output.note(`More: --cursor ${page.nextCursor}`);
    return EXIT.done;
  });
}
