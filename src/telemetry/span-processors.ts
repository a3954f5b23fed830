import { TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { publicSpan } from './public-span';

/** Lets only sampled spans through, each as {@link publicSpan} has it: the one gate that every span passes. */
export class PublicSpanProcessor implements SpanProcessor {
  readonly #next: SpanProcessor;

  constructor(next: SpanProcessor) {
    this.#next = next;
  }

  onStart(): void {
    // Nothing leaves before it has ended.
  }

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) this.#next.onEnd(publicSpan(span));
  }

  forceFlush(): Promise<void> {
    return this.#next.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#next.shutdown();
  }
}

/**
 * Hands every span to the exporter before `span.end()` returns, so that a killed process loses none that ended:
 * for exporters that are done when they return. A batch loses whatever waits in it.
 */
export class ImmediateSpanProcessor implements SpanProcessor {
  readonly #exporter: SpanExporter;

  constructor(exporter: SpanExporter) {
    this.#exporter = exporter;
  }

  onStart(): void {
    // Nothing leaves before it has ended.
  }

  onEnd(span: ReadableSpan): void {
    this.#exporter.export([span], () => undefined);
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.();
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }
}
