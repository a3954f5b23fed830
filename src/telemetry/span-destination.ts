import type { ExportResult } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NoopSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';
import type { Config } from '../config/config';
import { batchSettings } from './batch-settings';
import { BoundedBatchProcessor } from './bounded-batch-processor';
import type { Environment } from './environment';
import { setting } from './environment';
import { LossLog } from './loss-log';
import { OpenSpans } from './open-spans';
import { OtlpBackend } from './otlp-backend';
import { CountingOtlpExporter, otlpTracesUrl } from './otlp-exporter';
import { SpanOutbox } from './span-outbox';
import { PublicSpanExporter, WriteAheadSpanProcessor } from './span-processors';
import type { RepeatableSpanProcessor } from './span-processors';
import { SpanSender } from './span-sender';
import type { OpenSpanView } from './telemetry';
import { TraceStoreExporter } from './trace-store-exporter';

/** Where a part's spans go. */
export interface SpanDestination {
  readonly processor: SpanProcessor & Partial<RepeatableSpanProcessor>;
  readonly openSpans: OpenSpanView;
  readonly lostSpans: () => number;
}

interface Part {
  readonly config: Pick<Config, 'dataDir'> & Partial<Pick<Config, 'traceStore'>>;
  readonly environment: Environment;
  readonly resource: Resource;
  readonly logger: Logger;
}

/**
 * The embedded store, and from there an OTLP endpoint when one is set; without a store (`TRACE_STORE=off`) the
 * endpoint alone, out of memory.
 *
 * @throws ConfigError when an `OTEL_*` variable that is used here is wrong.
 */
export function spanDestination(part: Part): SpanDestination {
  const { environment, config } = part;
  if (isDisabled(environment) || setting(environment, 'OTEL_TRACES_EXPORTER') === 'none') return NOWHERE;
  const url = otlpTracesUrl(environment);
  if (config.traceStore !== false) return storing(part, url);
  return url === undefined ? NOWHERE : sendingFromMemory(part, url);
}

/** Whether `OTEL_SDK_DISABLED` forbids making spans. */
export function isDisabled(environment: Environment): boolean {
  return setting(environment, 'OTEL_SDK_DISABLED')?.trim().toLowerCase() === 'true';
}

const NOT_SHOWN: OpenSpanView = { opened: () => undefined, ended: () => undefined };

const NOWHERE: SpanDestination = {
  processor: new NoopSpanProcessor(),
  openSpans: NOT_SHOWN,
  lostSpans: () => 0,
};

function storing(
  { config: { dataDir }, environment, resource, logger }: Part,
  url?: string,
): SpanDestination {
  const store = new TraceStoreExporter({ dataDir, logger, ...(url !== undefined && { sendTo: url }) });
  const sender =
    url === undefined
      ? undefined
      : new SpanSender({
          outbox: new SpanOutbox({ dataDir }),
          backend: new OtlpBackend(url),
          resource,
          losses: new LossLog(logger, url),
          ...batchSettings(environment),
        });
  const exporter = new PublicSpanExporter(sender === undefined ? store : new SentStore(store, sender));
  const openSpans = new OpenSpans((spans) => {
    exporter.export([...spans], () => undefined);
  });
  return {
    processor: new WriteAheadSpanProcessor(exporter, openSpans),
    openSpans,
    lostSpans: () => store.lostSpans + (sender?.lostSpans ?? 0),
  };
}

/** Writes to the store; its sender takes the spans from there. */
class SentStore implements SpanExporter {
  readonly #store: TraceStoreExporter;
  readonly #sender: SpanSender;

  constructor(store: TraceStoreExporter, sender: SpanSender) {
    this.#store = store;
    this.#sender = sender;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#store.export(spans, done);
  }

  async forceFlush(): Promise<void> {
    await this.#store.forceFlush();
    await this.#sender.flush();
  }

  async shutdown(): Promise<void> {
    await this.#store.shutdown();
    await this.#sender.shutdown();
  }
}

function sendingFromMemory({ environment, logger }: Part, url: string): SpanDestination {
  const exporter = new CountingOtlpExporter(url, logger);
  const overflow = new LossLog(logger, url);
  return {
    processor: new BoundedBatchProcessor(
      new PublicSpanExporter(exporter),
      batchSettings(environment),
      overflow,
    ),
    openSpans: NOT_SHOWN,
    lostSpans: () => exporter.lostSpans + overflow.lost,
  };
}
