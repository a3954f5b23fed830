import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { OpenSpanView } from './telemetry';

/** A span that is open for longer is shown before it ends, ms. */
const ANCHOR_AFTER_MS = 1_000;
const TICK_MS = 500;

interface Open {
  readonly since: number;
  look: () => ReadableSpan;
}

/**
 * Shows spans that stay open: about a second after it began, and again after each change, what is open is written
 * as it is now (`ended` is false). What ends sooner, nearly everything, costs nothing more.
 */
export class OpenSpans implements OpenSpanView {
  readonly #write: (spans: readonly ReadableSpan[]) => void;
  readonly #open = new Map<string, Open>();
  #timer: NodeJS.Timeout | undefined;

  constructor(write: (spans: readonly ReadableSpan[]) => void) {
    this.#write = write;
  }

  opened(spanId: string, look: () => ReadableSpan): void {
    const open = this.#open.get(spanId);
    if (open === undefined) this.#open.set(spanId, { since: performance.now(), look });
    else open.look = look;
    this.#timer ??= setInterval(() => {
      this.#writeOlderThan(ANCHOR_AFTER_MS);
    }, TICK_MS).unref();
  }

  ended(spanId: string): void {
    this.#open.delete(spanId);
  }

  /** Writes everything that is open now: the process is about to stop. */
  close(): void {
    this.#writeOlderThan(0);
  }

  #writeOlderThan(age: number): void {
    const bound = performance.now() - age;
    const old: ReadableSpan[] = [];
    for (const [spanId, { since, look }] of this.#open) {
      if (since > bound) continue;
      // Whoever changes will say so again; whoever does not is written.
      this.#open.delete(spanId);
      old.push(look());
    }
    if (old.length > 0) this.#write(old);
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
