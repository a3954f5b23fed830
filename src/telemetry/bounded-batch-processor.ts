import { TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { BatchSettings } from './batch-settings';
import type { LossLog } from './loss-log';

/**
 * Sends spans in batches out of memory, where no more than `queueSize` of them wait: what comes beyond it is lost,
 * and counted, which the SDK's own processor does not do.
 */
export class BoundedBatchProcessor implements SpanProcessor {
  readonly #batches: BatchSpanProcessor;
  readonly #queueSize: number;
  readonly #losses: LossLog;
  readonly #overflow: Error;
  #waiting = 0;

  constructor(exporter: SpanExporter, settings: BatchSettings, losses: LossLog) {
    const { queueSize, batchSize, delayMs } = settings;
    this.#queueSize = queueSize;
    this.#losses = losses;
    this.#overflow = new Error(`More than ${String(queueSize)} spans wait`);
    const leaving: SpanExporter = {
      export: (spans, done) => {
        this.#waiting -= spans.length;
        exporter.export(spans, done);
      },
      forceFlush: async () => exporter.forceFlush?.(),
      shutdown: () => exporter.shutdown(),
    };
    this.#batches = new BatchSpanProcessor(leaving, {
      maxQueueSize: queueSize,
      maxExportBatchSize: Math.min(batchSize, queueSize),
      scheduledDelayMillis: delayMs,
    });
  }

  onStart(): void {
    // Only what has ended is sent.
  }

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    if (this.#waiting >= this.#queueSize) {
      this.#losses.failed(this.#overflow, 1);
      return;
    }
    this.#waiting += 1;
    this.#batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#batches.shutdown();
  }
}
