import { setTimeout as sleep } from 'node:timers/promises';
import type { OrderView } from '../domain/order';
import { isOver } from '../orders/order-summary';
import type { OrderSummary } from '../orders/order-summary';
import { orderSpans } from '../traces/order-spans';
import type { StoredSpan } from '../telemetry/stored-span';

/** An order and its trace as they were at one moment. */
export interface OrderSnapshot {
  readonly order: OrderView | OrderSummary;
  readonly spans: readonly StoredSpan[];
}

/** How often an order that is watched is looked at, ms. */
const LOOK_MS = 500;
/** Looks at an order that is over, for the spans that come last. */
const LAST_LOOKS = 4;

/** Follows orders; one look an order, however many watch it. */
export class OrderFeed {
  readonly #looks = new Map<string, { readonly at: number; readonly snapshot: Promise<OrderSnapshot> }>();

  /** @param look reads the order as it is now. */
  constructor(private readonly look: (orderId: string) => Promise<OrderSnapshot>) {}

  /** The order each time that it has changed, the first time at once, until it is over or `signal` aborts. */
  async *follow(orderId: string, signal: AbortSignal): AsyncGenerator<OrderSnapshot> {
    let shown = '';
    for (let last = LAST_LOOKS; last > 0;) {
      const snapshot = await this.#recent(orderId);
      const content = fingerprint(snapshot);
      if (content !== shown) yield snapshot;
      shown = content;
      if (isOver(snapshot.order)) last--;
      if (!(await sleep(LOOK_MS, true, { signal }).catch(() => false))) return;
    }
  }

  #recent(orderId: string): Promise<OrderSnapshot> {
    const known = this.#looks.get(orderId);
    if (known !== undefined && performance.now() - known.at < LOOK_MS / 2) return known.snapshot;
    const look = { at: performance.now(), snapshot: this.look(orderId) };
    this.#looks.set(orderId, look);
    look.snapshot
      .catch(() => undefined)
      .finally(() => {
        setTimeout(() => {
          if (this.#looks.get(orderId) === look) this.#looks.delete(orderId);
        }, LOOK_MS).unref();
      });
    return look.snapshot;
  }
}

/** The order's own part of a trace, as its reader sees it. */
export function snapshotOf(
  order: OrderView | OrderSummary,
  traceOf: (traceId: string) => readonly StoredSpan[],
): OrderSnapshot {
  const { traceId } = order;
  return { order, spans: traceId === undefined ? [] : orderSpans(traceOf(traceId), order) };
}

/** Of what is drawn: a running span's end moves with every look. */
function fingerprint({ order, spans }: OrderSnapshot): string {
  return JSON.stringify([order, spans.map(({ spanId, status, running }) => [spanId, status.code, running])]);
}
