import type { OrderView } from '../domain/order';
import { OrderNotFoundError } from '../orders/errors';
import type { OrderSummary } from '../orders/order-summary';
import type { Caller } from './auth';
import { maySee } from './auth';
import type { GatewayDeps } from './gateway-deps';

/**
 * The order as far as it can be had: whole, or what Temporal knows of it, or what the archive has kept.
 *
 * @throws OrderNotFoundError when there is none, and just so when it is another customer's.
 */
export async function readOrder(
  { orders, archive }: Pick<GatewayDeps, 'orders' | 'archive'>,
  orderId: string,
  caller: Caller,
): Promise<OrderView | OrderSummary> {
  let order: OrderView | OrderSummary | undefined;
  try {
    order = await orders.getOrSummary(orderId);
  } catch (error) {
    if (!(error instanceof OrderNotFoundError)) throw error;
    order = (await archive.find(orderId))?.outcome;
  }
  if (order === undefined || !maySee(caller, order)) throw new OrderNotFoundError(orderId.slice(0, 80));
  return order;
}

/** @throws OrderNotFoundError when the caller may not know of the order, before anything is done to it. */
export async function assertMayTouch(
  { orders }: Pick<GatewayDeps, 'orders'>,
  orderId: string,
  caller: Caller,
): Promise<void> {
  if (caller.customerId === undefined) return;
  if (!maySee(caller, await orders.summary(orderId))) throw new OrderNotFoundError(orderId);
}
