export interface RepeatingOptions {
  /** From the end of one round to the start of the next, ms. */
  readonly intervalMs: number;
  /** Until the first round, ms. @default 0 */
  readonly firstAfterMs?: number;
  /** Hears of a round that failed; the next one comes all the same. */
  readonly onFailure: (error: unknown) => void;
}

/** Does one round of work after the other, never two at once, until it is stopped. */
export class Repeating {
  readonly #round: () => Promise<void>;
  readonly #options: RepeatingOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(round: () => Promise<void>, options: RepeatingOptions) {
    this.#round = round;
    this.#options = options;
    this.#schedule(options.firstAfterMs ?? 0);
  }

  /** A round that takes long looks at this, and ends early. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #schedule(afterMs: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#round()
        .catch(this.#options.onFailure)
        .finally(() => {
          this.#schedule(this.#options.intervalMs);
        });
    }, afterMs);
  }
}
