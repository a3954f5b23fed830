import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Resource } from '@opentelemetry/resources';
import type { LossLog } from './loss-log';
import type { SpanBackend } from './otlp-backend';
import { toSendableSpans } from './sendable-span';
import type { Sendable, SpanOutbox, WaitingSpan } from './span-outbox';
import { isBusy } from './trace-database';

/** How long a part waits in vain for its backend when it flushes or stops, both together, ms. */
const PATIENCE_MS = 2_000;
const RETRY_AFTER_MS = 1_000;
const MAX_RETRY_AFTER_MS = 10_000;
/** The longest that a backend may ask to be left alone, ms. */
const MAX_ASKED_RETRY_AFTER_MS = 300_000;
/** How long a stopping part leaves the store to the process that is writing, ms. */
const BUSY_RETRY_MS = 20;
/** Of a request that was too large, each one that arrives wins back this part. */
const GROWTH = 1 / 16;

export interface SpanSenderOptions {
  readonly outbox: SpanOutbox;
  readonly backend: SpanBackend;
  /** Who the part is: its spans are sent first. */
  readonly resource: Resource;
  readonly losses: LossLog;
  /** Time between two looks at the outbox, ms. */
  readonly delayMs: number;
  /** Spans in one request, at most. */
  readonly batchSize: number;
}

/**
 * Sends the part's spans from the outbox to the backend: each at least once, in batches, one in flight at a time. Then,
 * those of parts whose processes are gone, under their own resource.
 *
 * A span is sent twice, with the same content, when the process is killed (or stopped, after 2 s of waiting) between
 * sending a batch and marking it. While the backend is away or slow the spans stay in the store, and memory holds one
 * batch. What the backend refuses for good is counted as lost and not sent again.
 */
export class SpanSender {
  readonly #options: SpanSenderOptions;
  readonly #timers: NodeJS.Timeout[];
  #own: Sendable | undefined;
  /** A resource other than our own that we send for. */
  #adopted: Sendable | undefined;
  #leasedUntil = new Map<number, number>();
  #isAdoptionDue = true;
  #batchSize: number;
  /** Arrived, and still to be marked. */
  #unmarked: readonly WaitingSpan[] = [];
  /** Rounds run one after the other. */
  #lastRound: Promise<void> = Promise.resolve();
  #isBusy = false;
  /** Calls of {@link flush} and {@link shutdown} that wait: what others left has to wait longer. */
  #waiting = 0;
  #isStopped = false;
  #failures = 0;
  #retryAt = 0;
  #patienceMs = PATIENCE_MS;

  constructor(options: SpanSenderOptions) {
    this.#options = options;
    this.#batchSize = options.batchSize;
    const { renewEveryMs } = options.outbox;
    this.#timers = [
      setInterval(() => void this.#tick(), options.delayMs).unref(),
      setInterval(() => {
        this.#beat();
      }, renewEveryMs).unref(),
    ];
  }

  get lostSpans(): number {
    return this.#options.losses.lost;
  }

  /** Resolves when the part's spans are sent, or an attempt has failed, or after 2 s. */
  async flush(): Promise<void> {
    await this.#patiently(this.#round(false));
  }

  /** Sends the part's spans for at most 2 s; what is left is sent by the part's next process, or another's. */
  async shutdown(): Promise<void> {
    if (this.#isStopped) return;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#patiently(this.#lastWords());
    this.#isStopped = true;
    this.#options.backend.abort();
    this.#leave();
  }

  async #tick(): Promise<void> {
    if (!this.#isBusy && performance.now() >= this.#retryAt) await this.#round(true);
  }

  /** Keeps what is leased also while a request takes long, and looks for others' spans now and then. */
  #beat(): void {
    this.#isAdoptionDue = true;
    try {
      if (!this.#options.outbox.exists()) return;
      this.#leasedUntil.clear();
      this.#holds(this.#ownSpans());
      if (this.#adopted !== undefined && !this.#holds(this.#adopted)) this.#adopted = undefined;
    } catch (error) {
      this.#storeFailed(error);
    }
  }

  /** Sends until nothing waits, or something fails. */
  #round(adopting: boolean): Promise<void> {
    return (this.#lastRound = this.#lastRound.then(async () => {
      this.#isBusy = true;
      try {
        while (await this.#sendNext(adopting));
      } catch (error) {
        this.#storeFailed(error);
      } finally {
        this.#isBusy = false;
      }
    }));
  }

  /** Sends until nothing waits and the others know that they have to send what comes later. */
  async #lastWords(): Promise<void> {
    for (;;) {
      await this.#round(false);
      if (this.#isStopped || this.#failures > 0 || this.#own === undefined) return;
      try {
        if (!this.#holds(this.#own) || this.#options.outbox.releaseIfEmpty(this.#own.id)) return;
      } catch (error) {
        this.#storeFailed(error);
      }
      await sleep(BUSY_RETRY_MS);
    }
  }

  /** Sends one batch; false when there is none, or it could not be sent. */
  async #sendNext(adopting: boolean): Promise<boolean> {
    const { outbox } = this.#options;
    if (this.#isStopped || !outbox.exists()) return false;
    this.#mark();
    const own = this.#ownSpans();
    const taken = this.#holds(own) ? outbox.take(own.id, this.#batchSize) : [];
    if (taken.length > 0) return this.#send(taken, own.resource);
    if (!adopting || this.#waiting > 0) return false;
    const adopted = this.#adopt(own);
    if (adopted === undefined) return false;
    const orphaned = outbox.take(adopted.id, this.#batchSize);
    if (orphaned.length > 0) return this.#send(orphaned, adopted.resource);
    this.#abandon(adopted);
    return true;
  }

  async #send(taken: readonly WaitingSpan[], resource: Resource): Promise<boolean> {
    // Reading and encoding take a few milliseconds each: others get a turn in between.
    await nextTurn();
    const spans = toSendableSpans(taken, resource);
    const outcome = await this.#options.backend.send(spans);
    if (this.#isStopped) return false;
    const { losses, batchSize } = this.#options;
    switch (outcome.kind) {
      case 'failed':
        losses.failed(outcome.error, 0);
        this.#retryLater(outcome.retryAfterMs);
        if (this.#adopted !== undefined) this.#abandon(this.#adopted);
        return false;
      case 'tooLarge':
        this.#batchSize = Math.ceil(taken.length / 2);
        return true;
      case 'refused':
        losses.failed(outcome.error, taken.length);
        break;
      case 'sent':
        if (outcome.rejected > 0) losses.failed(new Error(outcome.reason ?? 'Rejected'), outcome.rejected);
        else losses.succeeded();
    }
    this.#failures = 0;
    if (this.#waiting === 0) this.#patienceMs = PATIENCE_MS;
    this.#batchSize = Math.min(this.#batchSize + Math.ceil(batchSize * GROWTH), batchSize);
    this.#unmarked = taken;
    this.#mark();
    return true;
  }

  #mark(): void {
    if (this.#unmarked.length === 0) return;
    this.#options.outbox.markSent(this.#unmarked);
    this.#unmarked = [];
  }

  #ownSpans(): Sendable {
    return (this.#own ??= this.#options.outbox.of(this.#options.resource));
  }

  #holds({ id }: Sendable): boolean {
    const { outbox } = this.#options;
    const now = performance.now();
    if (now < (this.#leasedUntil.get(id) ?? 0)) return true;
    if (!outbox.lease(id)) return false;
    this.#leasedUntil.set(id, now + outbox.renewEveryMs);
    return true;
  }

  /** Whose spans to send beside our own; nobody's when every owner is alive. */
  #adopt(own: Sendable): Sendable | undefined {
    if (this.#adopted !== undefined && this.#holds(this.#adopted)) return this.#adopted;
    this.#adopted = undefined;
    if (!this.#isAdoptionDue) return undefined;
    this.#adopted = this.#options.outbox.orphans(own.id).find((orphan) => this.#holds(orphan));
    this.#isAdoptionDue = this.#adopted !== undefined;
    return this.#adopted;
  }

  #abandon(adopted: Sendable): void {
    this.#adopted = undefined;
    this.#leasedUntil.delete(adopted.id);
    this.#options.outbox.release(adopted.id);
  }

  #retryLater(askedMs: number): void {
    const backOffMs = Math.min(RETRY_AFTER_MS * 2 ** this.#failures, MAX_RETRY_AFTER_MS);
    this.#failures += 1;
    this.#retryAt = performance.now() + Math.max(backOffMs, Math.min(askedMs, MAX_ASKED_RETRY_AFTER_MS));
  }

  /** Another process is writing, most likely: the next round does better. */
  #storeFailed(error: unknown): void {
    if (!isBusy(error)) this.#options.losses.failed(error, 0);
  }

  /** Waits for `work` as long as there is patience; what is waited in vain is not waited again. */
  async #patiently(work: Promise<void>): Promise<void> {
    const timeout = new AbortController();
    const start = performance.now();
    this.#waiting += 1;
    const inTime = await Promise.race([
      work.then(() => true),
      sleep(this.#patienceMs, false, { signal: timeout.signal }),
    ]);
    timeout.abort();
    this.#waiting -= 1;
    this.#patienceMs = inTime ? PATIENCE_MS : Math.max(this.#patienceMs - (performance.now() - start), 0);
  }

  #leave(): void {
    const { outbox } = this.#options;
    try {
      this.#mark();
      if (this.#own !== undefined) outbox.release(this.#own.id);
      if (this.#adopted !== undefined) outbox.release(this.#adopted.id);
    } catch {
      // The leases run out.
    }
    outbox.close();
  }
}
