import type { ExportResult } from '@opentelemetry/core';
import { ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';
import { ConfigError } from '../config/config';
import type { Environment } from './environment';
import { setting } from './environment';
import { LossLog } from './loss-log';

/**
 * Where spans go over OTLP: `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` as it is, or `OTEL_EXPORTER_OTLP_ENDPOINT` with
 * `/v1/traces`; `undefined` when neither is set.
 *
 * @throws {@link ConfigError} when the protocol asked for is not `http/protobuf`, or the endpoint is no URL.
 */
export function otlpTracesUrl(environment: Environment): string | undefined {
  const own = setting(environment, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  const shared = setting(environment, 'OTEL_EXPORTER_OTLP_ENDPOINT');
  const url = own ?? (shared === undefined ? undefined : `${shared.replace(/\/$/, '')}/v1/traces`);
  if (url === undefined) return undefined;
  const variable = own === undefined ? 'OTEL_EXPORTER_OTLP_ENDPOINT' : 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) {
    throw new ConfigError([`${variable}=${own ?? shared ?? ''}: must be an http(s) URL`]);
  }
  const protocol =
    setting(environment, 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ??
    setting(environment, 'OTEL_EXPORTER_OTLP_PROTOCOL');
  if (protocol !== undefined && protocol !== 'http/protobuf') {
    throw new ConfigError([`OTEL_EXPORTER_OTLP_PROTOCOL=${protocol}: only http/protobuf is supported`]);
  }
  return url;
}

/**
 * Sends spans over OTLP/HTTP as protobuf; a backend that fails costs spans, which are counted and logged, and
 * nothing else. Headers, timeout, compression and TLS are those of the `OTEL_EXPORTER_OTLP_*` variables.
 */
export class CountingOtlpExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #losses: LossLog;

  constructor(url: string, logger: Logger) {
    this.#exporter = new OTLPTraceExporter({ url });
    this.#losses = new LossLog(logger, url);
  }

  get lostSpans(): number {
    return this.#losses.lost;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#exporter.export(spans, (result) => {
      if (result.code === ExportResultCode.SUCCESS) this.#losses.succeeded();
      else this.#losses.failed(result.error, spans.length);
      // Told already: the SDK's own handler would say it once more, for every batch.
      done({ code: ExportResultCode.SUCCESS });
    });
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.();
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }
}
