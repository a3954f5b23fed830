import type { Logger } from 'pino';

/** Shortest time between two lines about the same trouble, ms. */
const REPEAT_AFTER_MS = 30_000;

/**
 * Counts the spans that could not be kept and says so without flooding the log: at the first failure, then at
 * most every 30 s, and once when it is over.
 */
export class LossLog {
  readonly #logger: Logger;
  readonly #destination: string;
  #lost = 0;
  #failing = false;
  #lastLine = Number.NEGATIVE_INFINITY;

  /** @param destination where the spans should have gone, for people. */
  constructor(logger: Logger, destination: string) {
    this.#logger = logger;
    this.#destination = destination;
  }

  get lost(): number {
    return this.#lost;
  }

  /** @param lost how many spans are gone for good by this failure; 0 when they will be tried again. */
  failed(error: unknown, lost: number): void {
    this.#lost += lost;
    const now = performance.now();
    if (this.#failing && now - this.#lastLine < REPEAT_AFTER_MS) return;
    this.#failing = true;
    this.#lastLine = now;
    this.#logger.warn(
      { err: error, lostSpans: this.#lost },
      `Spans cannot be written to ${this.#destination}`,
    );
  }

  succeeded(): void {
    if (!this.#failing) return;
    this.#failing = false;
    this.#logger.info({ lostSpans: this.#lost }, `Spans are written to ${this.#destination} again`);
  }
}
