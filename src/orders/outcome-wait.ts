import { setTimeout as sleep } from 'node:timers/promises';
import type { OrderView } from '../domain/order';
import type { OrderSummary } from './order-summary';

/** How long to wait for an outcome. */
export interface WaitOptions {
  readonly timeoutMs: number;
  /** Ends the wait early, and with it every request that it has under way. */
  readonly signal?: AbortSignal;
}

/** What can be asked about the one order that is waited for. */
interface WaitedOrder {
  readonly order: () => Promise<OrderView>;
  readonly summary: () => Promise<OrderSummary>;
  /** The order once its workflow has ended; undefined when the signal came first. */
  readonly closed: (signal: AbortSignal) => Promise<OrderView | undefined>;
}

/**
 * How often a wait looks whether the order waits for an operator, ms: only a workflow's end is announced. The pauses
 * grow, so that those who wait long ask little.
 */
const PARKED_CHECK = { firstMs: 300, maxMs: 5_000, growth: 1.5 } as const;

/** See `OrderClient.waitForOutcome`. */
export async function waitForOutcome(
  waited: WaitedOrder,
  { timeoutMs, signal }: WaitOptions,
): Promise<OrderView | undefined> {
  const over = new AbortController();
  const end = () => {
    over.abort();
  };
  const timer = setTimeout(end, timeoutMs);
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted === true) end();
  try {
    return await Promise.race([waited.closed(over.signal), whenParked(waited, over.signal)]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
    end();
  }
}

async function whenParked(
  { order, summary }: WaitedOrder,
  signal: AbortSignal,
): Promise<OrderView | undefined> {
  let pause: number = PARKED_CHECK.firstMs;
  while (!signal.aborted) {
    const { status, closedAt } = await summary();
    if (status === 'needs_attention' && closedAt === undefined) return order();
    await sleep(pause, undefined, { signal }).catch(() => undefined);
    pause = Math.min(pause * PARKED_CHECK.growth, PARKED_CHECK.maxMs);
  }
  return undefined;
}
