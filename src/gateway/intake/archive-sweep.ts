import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { OrderClient } from '../../orders/order-client';
import { OrderError } from '../../orders/errors';
import type { OrderArchive } from './archive';

/** Orders asked about in one round. */
const ROUND = 100;

interface ArchiveSweepDeps {
  readonly archive: OrderArchive;
  readonly orders: Pick<OrderClient, 'get'>;
  readonly logger: Logger;
  readonly intervalMs: number;
}

/** Brings the outcome of orders that nobody waited for into the archive, until it is stopped. */
export class ArchiveSweep {
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(private readonly deps: ArchiveSweepDeps) {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const pause = () => sleep(this.deps.intervalMs, true, { signal }).catch(() => false);
    while (await pause()) {
      await this.#round(signal).catch((error: unknown) => {
        this.#failed(error);
      });
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { archive, orders } = this.deps;
    for (const orderId of await archive.unsettled(ROUND)) {
      if (signal.aborted) return;
      try {
        await archive.keep(await orders.get(orderId));
      } catch (error) {
        // Interrupted, forgotten or not to be asked now: another round may know more.
        if (!(error instanceof OrderError)) throw error;
      }
    }
  }

  #failed(error: unknown): void {
    this.deps.logger.warn(
      { err: error },
      'outcomes of orders could not be archived; the next round tries again',
    );
  }
}
