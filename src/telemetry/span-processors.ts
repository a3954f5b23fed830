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
  /** For a workflow's own spans, which are sampled; they are handed on a moment later, together. */
  onEndRepeatable(span: ReadableSpan): void;
}

/**
 * Hands every sampled span to the exporter before `span.end()` returns, so that a killed process loses none that
 * ended: for exporters that are done when they return.
 *
 * A span below which others will stand is handed over when it starts, too, not ended yet: if this process dies, its
 * children have a parent all the same. Those of an activity's attempt can be made again from the history; they
 * are handed over when they stay open for long. A workflow's own spans, which a replay makes again exactly as they were,
 * are handed over together, in the same turn of the event loop.
 */
export class WriteAheadSpanProcessor implements SpanProcessor, RepeatableSpanProcessor {
  readonly #exporter: SpanExporter;
  readonly #open: OpenSpans;
  #repeatable: ReadableSpan[] = [];

  constructor(exporter: SpanExporter, open: OpenSpans) {
    this.#exporter = exporter;
    this.#open = open;
  }

  onStart(span: Span, parent: Context): void {
    if (!isSampled(span) || isLeaf(span)) return;
    if (isInAttempt(parent)) this.#open.set(span.spanContext().spanId, [span]);
    else this.#write(span);
  }

  onEnd(span: ReadableSpan): void {
    this.#open.set(span.spanContext().spanId, []);
    if (isSampled(span)) this.#write(span);
  }

  onEndRepeatable(span: ReadableSpan): void {
    this.#open.set(span.spanContext().spanId, []);
    // One write for all that end in one turn of the event loop.
    if (this.#repeatable.push(span) > 1) return;
    setImmediate(() => {
      this.#writeRepeatable();
    });
  }

  async forceFlush(): Promise<void> {
    this.#writeRepeatable();
    await this.#exporter.forceFlush?.();
  }

  shutdown(): Promise<void> {
    this.#writeRepeatable();
    this.#open.close();
    return this.#exporter.shutdown();
  }

  #writeRepeatable(): void {
    const spans = this.#repeatable;
    this.#repeatable = [];
    if (spans.length > 0) this.#exporter.export(spans, () => undefined);
  }

  #write(span: ReadableSpan): void {
    this.#exporter.export([span], () => undefined);
  }
}

function isSampled(span: ReadableSpan): boolean {
  return (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
}

/** A database call has no spans below it. */
function isLeaf({ attributes }: ReadableSpan): boolean {
  return ATTR.dbSystemName in attributes;
}
