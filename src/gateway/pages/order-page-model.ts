import { isFinal } from '../../domain/order';
import type { CompensationView, OrderView } from '../../domain/order';
import type { OrderSummary } from '../../orders/order-summary';
import type { StoredSpan } from '../../telemetry/stored-span';

/** Everything that the page of one order shows. */
export interface OrderPageModel {
  /** What Temporal alone knows of it where its workflow cannot answer. */
  readonly order: OrderView | OrderSummary;
  /** Of the order's trace; those of other orders are left aside. */
  readonly spans: readonly StoredSpan[];
  /** When `order` was read: what still runs has lasted until then. */
  readonly now: Date;
  /** Whether the page follows the order: it opens the event stream and says so. */
  readonly live: boolean;
  /** Goes with every operator's action of this page, so that one sent twice is done once. */
  readonly actionId: string;
  /** What came of the reader's last action. */
  readonly notice?: string | undefined;
}

/** True when the workflow itself has answered. */
export function isWholeOrder(order: OrderView | OrderSummary): order is OrderView {
  return 'steps' in order;
}

/** True once nothing more will happen to the order, however it came to that. */
export function isOver(order: OrderView | OrderSummary): boolean {
  return isFinal(order.status) || (!isWholeOrder(order) && order.closedAt !== undefined);
}

/** What waits for an operator. */
export function waitingCompensations(order: OrderView | OrderSummary): readonly CompensationView[] {
  if (!isWholeOrder(order) || order.status !== 'needs_attention') return [];
  return order.compensations.filter(({ state }) => state === 'failed');
}

/** Whether asking to cancel still changes something: what is being undone already is not. */
export function isCancellable(order: OrderView | OrderSummary): boolean {
  if (isOver(order)) return false;
  return order.status === 'pending' || order.status === 'running';
}
