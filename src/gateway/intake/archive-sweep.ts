import type { Logger } from 'pino';
import type { OrderClient } from '../../orders/order-client';
import { OrderNotFoundError } from '../../orders/errors';
import { isInterrupted } from '../../orders/order-summary';
import { Repeating } from '../../stack/repeating';
import { TemporalUnavailableError } from '../../orders/temporal-calls';
import type { OrderArchive } from './archive';

/** Orders that are looked up at a time. */
const BATCH = 100;

/**
 * An order that was interrupted is left to the guardian for so long, ms: what is archived stays. Half of the shortest
 * time for which Temporal remembers an order.
 */
const GUARDIAN_MS = 12 * 3_600_000;

interface ArchiveSweepDeps {
  readonly archive: OrderArchive;
  readonly orders: Pick<OrderClient, 'get' | 'summary'>;
  readonly logger: Logger;
  readonly intervalMs: number;
}

/** Brings the outcome of orders that nobody waited for into the archive, until it is stopped. */
export class ArchiveSweep {
  readonly #rounds: Repeating;

  constructor(private readonly deps: ArchiveSweepDeps) {
    const { intervalMs } = deps;
    this.#rounds = new Repeating(() => this.#round(), {
      intervalMs,
      firstAfterMs: intervalMs,
      onFailure: (error) => {
        this.#failed(error);
      },
    });
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** Asks about everything that is due, however much it is: what falls behind is forgotten by Temporal one day. */
  async #round(): Promise<void> {
    const now = Date.now();
    for (;;) {
      const ids = await this.deps.archive.due(now, BATCH);
      if (ids.length === 0) return;
      for (const orderId of ids) {
        if (this.#rounds.stopped) return;
        await this.#settle(orderId).catch((error: unknown) => {
          // Nothing can be learnt about the others either.
          if (error instanceof TemporalUnavailableError) throw error;
          this.#failed(error);
        });
      }
    }
  }

  /** Temporal alone is asked: a worker has better things to do than to tell that an order still runs. */
  async #settle(orderId: string): Promise<void> {
    const { archive, orders } = this.deps;
    try {
      const summary = await orders.summary(orderId);
      if (summary.closedAt === undefined) return;
      // The guardian's word about it is the last one.
      if (isInterrupted(summary) && Date.now() - Date.parse(summary.closedAt) < GUARDIAN_MS) return;
      await archive.keep(isInterrupted(summary) ? summary : await orders.get(orderId));
    } catch (error) {
      // Forgotten: nobody will ever know.
      if (!(error instanceof OrderNotFoundError)) throw error;
    }
  }

  #failed(error: unknown): void {
    this.deps.logger.warn({ err: error }, 'an outcome could not be archived; a later round tries again');
  }
}
