import { setMaxListeners } from 'node:events';
import type { OrderView } from '../domain/order';
import { NoWorkerError } from '../orders/errors';
import type { OrderClient } from '../orders/order-client';
import type { WaitOptions } from '../orders/outcome-wait';
import { TemporalUnavailableError } from '../orders/temporal-calls';

interface SharedWait {
  readonly outcome: Promise<OrderView | undefined>;
  readonly end: AbortController;
  waiting: number;
}

/** Longer than anybody waits: each who waits has a limit of its own. */
const NO_LIMIT_MS = 86_400_000;

/**
 * Waits for outcomes, one wait an order however many wait for it; the last to leave ends it, so that a client that has
 * gone holds nothing.
 */
export class OutcomeWaits {
  readonly #waits = new Map<string, SharedWait>();
  readonly #drained = new AbortController();

  constructor(private readonly orders: Pick<OrderClient, 'waitForOutcome'>) {
    // Everybody who waits listens: many are no leak.
    setMaxListeners(0, this.#drained.signal);
  }

  /**
   * The order once it is final or waits for an operator; undefined when the time is up, the wait was ended, or there is
   * nobody to ask any more: whoever has had an order accepted is not told that it was not.
   */
  async wait(orderId: string, { timeoutMs, signal }: WaitOptions): Promise<OrderView | undefined> {
    const shared = this.#join(orderId);
    let timer: NodeJS.Timeout | undefined;
    const signals = [this.#drained.signal, ...(signal === undefined ? [] : [signal])];
    let leave: () => void = () => undefined;
    try {
      const left = new Promise<undefined>((resolve) => {
        leave = () => {
          resolve(undefined);
        };
        timer = setTimeout(leave, timeoutMs);
        for (const each of signals) each.addEventListener('abort', leave);
        if (signals.some(({ aborted }) => aborted)) leave();
      });
      return await Promise.race([shared.outcome, left]);
    } finally {
      clearTimeout(timer);
      for (const each of signals) each.removeEventListener('abort', leave);
      this.#leave(orderId, shared);
    }
  }

  /** Ends every wait, and those to come. */
  drain(): void {
    this.#drained.abort();
  }

  #join(orderId: string): SharedWait {
    let shared = this.#waits.get(orderId);
    if (shared === undefined) {
      const end = new AbortController();
      const options = { timeoutMs: NO_LIMIT_MS, signal: end.signal };
      const outcome = this.orders.waitForOutcome(orderId, options).catch(undefinedWhenAway);
      shared = { outcome, end, waiting: 0 };
      this.#waits.set(orderId, shared);
    }
    shared.waiting++;
    return shared;
  }

  #leave(orderId: string, shared: SharedWait): void {
    if (--shared.waiting > 0) return;
    shared.end.abort();
    if (this.#waits.get(orderId) === shared) this.#waits.delete(orderId);
  }
}

function undefinedWhenAway(error: unknown): undefined {
  if (!(error instanceof TemporalUnavailableError) && !(error instanceof NoWorkerError)) throw error;
}
