import type { Context } from '@opentelemetry/api';
import { TraceFlags } from '@opentelemetry/api';
import type { ExportResult } from '@opentelemetry/core';
import type { ReadableSpan, Span, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { OpenSpans } from './open-spans';
import { publicSpan } from './public-span';
import { ATTR } from './semconv';
import { isInAttempt } from './span-ids';

/** Hands on every span as {@link publicSpan} has it: the one gate that every span passes. */
export class PublicSpanExporter implements SpanExporter {
  readonly #next: SpanExporter;

  constructor(next: SpanExporter) {
    this.#next = next;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#next.export(spans.map(publicSpan), done);
  }

  async forceFlush(): Promise<void> {
    await this.#next.forceFlush?.();
  }

  shutdown(): Promise<void> {
    return this.#next.shutdown();
  }
}

/** Takes spans that can be made again, exactly as they were, should this process die with them. */
export interface RepeatableSpanProcessor {
  /** For those of a workflow's own spans that end together, which are sampled; they are handed on a moment later. */
  onEndRepeatable(spans: readonly ReadableSpan[]): void;
}

/** How long a span waits for others to be handed on with, ms. */
const GATHER_MS = 5;

/**
 * Hands sampled spans to the exporter before `span.end()` returns, so that a killed process loses none of them: for exporters
 * that are done when they return. But some wait for the next one that is handed over:
 *
 * - A workflow's own spans, some milliseconds at most: its history makes them again, exactly as they were. The last ones are
 *   handed over in the turn of the event loop in which the workflow ends.
 * - Those of an activity's attempt, in the turn in which they end: its result is on its way before, and does not wait.
 * - Database calls, which have no spans below, some milliseconds at most: a process that is killed in the middle of a request
 *   loses the latest of them.
 *
 * A span below which others will stand is handed over when it starts, too, not ended yet: if this process dies, its
 * children have a parent all the same. One of an activity's attempt is so when it stays open for long: its history knows of it.
 */
export class WriteAheadSpanProcessor implements SpanProcessor, RepeatableSpanProcessor {
  readonly #exporter: SpanExporter;
  readonly #open: OpenSpans;
  readonly #inAttempt = new WeakSet<ReadableSpan>();
  #gathered: ReadableSpan[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(exporter: SpanExporter, open: OpenSpans) {
    this.#exporter = exporter;
    this.#open = open;
  }

  onStart(span: Span, parent: Context): void {
    if (!isSampled(span) || isLeaf(span)) return;
    if (isInAttempt(parent)) {
      this.#inAttempt.add(span);
      this.#open.opened(span.spanContext().spanId, () => span);
    } else this.#write(span);
  }

  onEnd(span: ReadableSpan): void {
    if (!isSampled(span)) return;
    this.#open.ended(span.spanContext().spanId);
    const isOfAttempt = this.#inAttempt.has(span);
    if (isOfAttempt || isLeaf(span)) this.#gather([span]);
    else this.#write(span);
    if (isOfAttempt) this.#writeInThisTurn();
  }

  onEndRepeatable(spans: readonly ReadableSpan[]): void {
    for (const span of spans) this.#open.ended(span.spanContext().spanId);
    this.#gather(spans);
    if (spans.some(isRun)) this.#writeInThisTurn();
  }

  async forceFlush(): Promise<void> {
    this.#write();
    await this.#exporter.forceFlush?.();
  }

  shutdown(): Promise<void> {
    this.#write();
    this.#open.close();
    return this.#exporter.shutdown();
  }

  #gather(spans: readonly ReadableSpan[]): void {
    this.#gathered.push(...spans);
    this.#timer ??= setTimeout(() => {
      this.#write();
    }, GATHER_MS).unref();
  }

  #writeInThisTurn(): void {
    setImmediate(() => {
      this.#write();
    });
  }

  /** What was gathered, and `more`. */
  #write(...more: ReadableSpan[]): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const spans = [...this.#gathered, ...more];
    this.#gathered = [];
    if (spans.length > 0) this.#exporter.export(spans, () => undefined);
  }
}

/** The run of a workflow, whose parent is its caller's. */
function isRun({ parentSpanContext }: ReadableSpan): boolean {
  return parentSpanContext?.isRemote !== false;
}

function isSampled(span: ReadableSpan): boolean {
  return (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
}

/** A database call has no spans below it. */
function isLeaf({ attributes }: ReadableSpan): boolean {
  return ATTR.dbSystemName in attributes;
}
