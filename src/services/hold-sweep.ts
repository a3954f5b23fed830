import { Repeating } from '../stack/repeating';
import { LABELS, METRICS } from '../telemetry/metric-names';
import type { Telemetry } from '../telemetry/telemetry';
import type { DueHold } from './barrier/hold-barrier';

/** Holds that are settled at the same time. */
const PAGE = 20;
/** What a clean-up may take on top of its interval before a hold counts as forgotten, ms. */
const GRACE_MS = 10_000;
/** Forgotten holds that are counted; more are as bad. */
const COUNTED = 1_000;

export interface HoldSweepOptions {
  /** Whose holds they are: `inventory`, `payment`. */
  readonly service: string;
  /** From the end of one clean-up to the start of the next, ms. */
  readonly intervalMs: number;
  readonly telemetry: Pick<Telemetry, 'logger' | 'metrics'>;
  /** A page of the holds whose time is over, from the one that follows `after`. */
  readonly due: (after: DueHold | undefined, limit: number) => Promise<readonly DueHold[]>;
  /** Frees what the hold has, unless it is settled; says whether it did. Any process may be doing the same. */
  readonly expire: (hold: DueHold) => Promise<boolean>;
}

/**
 * Frees every hold whose time is over, by the service itself: at its start, for what expired while it was down, then
 * again and again. A hold that cannot be freed is logged, keeps no other from it, and is tried again the next time.
 *
 * Any number of processes may do this on one database: `expire` settles a hold once.
 */
export class HoldSweep {
  readonly #options: HoldSweepOptions;
  readonly #rounds: Repeating;

  constructor(options: HoldSweepOptions) {
    this.#options = options;
    this.#observe();
    this.#rounds = new Repeating(() => this.#sweepAndLog(), {
      intervalMs: options.intervalMs,
      onFailure: (error) => {
        options.telemetry.logger.warn(
          { err: error },
          'the clean-up of holds failed; the next one tries again',
        );
      },
    });
  }

  /** Resolves when nothing is under way any more. */
  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** Counts, at every scrape, the holds that outlive their end. */
  #observe(): void {
    const { telemetry, service, due, intervalMs } = this.#options;
    telemetry.metrics.meter
      .createObservableGauge(METRICS.holdsExpiredOpen, {
        unit: '{hold}',
        description: 'Holds that still stand although their time was over long ago',
      })
      .addCallback(async (result) => {
        const before = Date.now() - forgottenAfterMs(intervalMs);
        try {
          const standing = await due(undefined, COUNTED);
          const forgotten = standing.filter(({ expiresAtMs }) => expiresAtMs < before);
          result.observe(forgotten.length, { [LABELS.service]: service });
        } catch (error) {
          telemetry.logger.warn({ err: error }, 'forgotten holds could not be counted');
        }
      });
  }

  async #sweepAndLog(): Promise<void> {
    const { logger } = this.#options.telemetry;
    const { freed, failures } = await this.#sweep();
    if (freed > 0) logger.info({ freed }, 'holds have expired and were freed');
    if (failures.length > 0) {
      const [err] = failures;
      logger.warn(
        { failed: failures.length, err },
        'holds could not be freed; the next clean-up tries again',
      );
    }
  }

  async #sweep(): Promise<{ freed: number; failures: readonly unknown[] }> {
    let freed = 0;
    const failures: unknown[] = [];
    for (let last: DueHold | undefined; !this.#rounds.stopped;) {
      const page = await this.#options.due(last, PAGE);
      const results = await Promise.allSettled(page.map((hold) => this.#options.expire(hold)));
      for (const result of results) {
        if (result.status === 'rejected') failures.push(result.reason);
        else if (result.value) freed += 1;
      }
      last = page.at(-1);
      if (page.length < PAGE) break;
    }
    return { freed, failures };
  }
}

/** How long after its expiry a hold that still stands was forgotten by clean-ups, and is not just waiting for one, ms. */
export function forgottenAfterMs(intervalMs: number): number {
  return 2 * intervalMs + GRACE_MS;
}
