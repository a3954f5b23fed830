import type { OrderView } from '../domain/order';
import type { CompensationName } from '../domain/steps';
import type { OrderClient } from './order-client';
import { MAX_PAGE } from './order-list';

export interface WaitingFilter {
  readonly customerId?: string | undefined;
  /** Only orders that wait with this undo. */
  readonly step?: CompensationName | undefined;
}

/** Every order that waits for an operator and matches, newest first. */
export async function waitingOrders(
  orders: Pick<OrderClient, 'waiting'>,
  { customerId, step }: WaitingFilter = {},
): Promise<OrderView[]> {
  const views: OrderView[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await orders.waiting({ limit: MAX_PAGE, cursor, customerId });
    views.push(...page.orders.filter((order) => step === undefined || waitingSteps(order).includes(step)));
    cursor = page.nextCursor;
    if (cursor === undefined) return views;
  }
}

/** The undos of the order that wait for somebody. */
export function waitingSteps({ compensations }: OrderView): CompensationName[] {
  return compensations.filter(({ state }) => state === 'failed').map(({ step }) => step);
}
