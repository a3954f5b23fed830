import { setTimeout as delay } from 'node:timers/promises';
import type { TestStack } from '../stack';
import { startParts } from '../stack-processes';
import type { TsProcess } from '../ts-process';

/** How often it is scraped, ms. */
const INTERVAL_MS = 250;

/** A worker in a process of its own that is scraped as Prometheus would, until it is killed. */
export class ScrapedWorker {
  readonly #process: TsProcess;
  readonly #url: string;
  readonly #scraping: Promise<void>;
  /** What the last scrape gave: the value of every series, by name and labels as they are served. */
  last: ReadonlyMap<string, number> = new Map();
  /** When the last scrape began, ms since 1970. */
  scrapedAt = 0;
  /** ms since 1970. */
  killedAt = Infinity;

  private constructor(process_: TsProcess, url: string) {
    this.#process = process_;
    this.#url = url;
    this.#scraping = this.#scrape();
    // Whoever ends it hears of it.
    this.#scraping.catch(() => undefined);
  }

  static async start(stack: TestStack): Promise<ScrapedWorker> {
    const [worker] = await startParts(stack, ['worker']);
    if (worker === undefined) throw new Error('no worker was started');
    return new ScrapedWorker(worker, `http://127.0.0.1:${String(stack.config.metricsPort)}/metrics`);
  }

  /** The sum of the last values of all series of this name. */
  sum(name: string): number {
    return [...this.last]
      .filter(([series]) => series.startsWith(`${name}{`))
      .reduce((sum, [, value]) => sum + value, 0);
  }

  /** @throws what a scrape threw while it lived. */
  async kill(): Promise<void> {
    this.killedAt = Date.now();
    this.#process.signal('SIGKILL');
    const end = await this.#process.ended;
    if (end !== 'SIGKILL') throw new Error(`The worker had ended before it was killed, with ${String(end)}`);
    await this.#scraping;
  }

  async #scrape(): Promise<void> {
    while (this.killedAt === Infinity) {
      const startedAt = Date.now();
      try {
        const response = await fetch(this.#url);
        if (!response.ok) throw new Error(`/metrics answers ${String(response.status)}`);
        this.last = seriesIn(await response.text());
        this.scrapedAt = startedAt;
      } catch (error) {
        // A scrape that was under way dies with the worker.
        if (this.killedAt === Infinity) throw error;
      }
      await delay(INTERVAL_MS);
    }
  }
}

function seriesIn(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}
