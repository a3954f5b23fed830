import type { Agent } from 'node:http';
import { ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';

/** What became of spans that were sent. */
export type SendOutcome =
  /** Arrived; `rejected` of them the backend did not want, and never will. */
  | { readonly kind: 'sent'; readonly rejected: number; readonly reason?: string }
  /** The backend will never take them. */
  | { readonly kind: 'refused'; readonly error: unknown }
  /** The backend takes smaller requests. */
  | { readonly kind: 'tooLarge'; readonly error: unknown }
  /** To be sent again; the backend wants to be left alone for `retryAfterMs`. */
  | { readonly kind: 'failed'; readonly error: unknown; readonly retryAfterMs: number };

/** Where spans are sent to, one request at a time. */
export interface SpanBackend {
  /** Makes one attempt; never throws. */
  send(spans: ReadableSpan[]): Promise<SendOutcome>;
  /** Breaks off what is in flight, so that it keeps the process alive no longer. */
  abort(): void;
}

const REQUEST_TIMEOUT = 408;
const CONTENT_TOO_LARGE = 413;
const TOO_MANY_REQUESTS = 429;

interface HttpResponse {
  readonly status: string;
  readonly retryInMillis?: number;
}

interface HttpTransport {
  send(data: Uint8Array, timeoutMillis: number): Promise<HttpResponse>;
  shutdown(): void;
  /** Made by the first request. */
  readonly _utils?: { readonly agent?: Agent } | null;
}

interface PartialSuccess {
  readonly rejectedSpans?: number;
  readonly errorMessage?: string;
}

interface Answer {
  retryAfterMs?: number | undefined;
  partialSuccess?: PartialSuccess | undefined;
}

/** The parts of the exporter (0.223) that there is no option for. */
interface ExporterParts {
  readonly _delegate: {
    _transport: { readonly _transport?: HttpTransport } | HttpTransport;
    _responseHandler: { handleResponse(response: { partialSuccess?: PartialSuccess }): void };
  };
}

/**
 * A backend that takes OTLP over HTTP as protobuf. Headers, timeout, compression and TLS are those of the
 * `OTEL_EXPORTER_OTLP_*` variables.
 *
 * The exporter's own retries are taken out: they would hold one batch for ten seconds with timers that keep a process
 * alive, and hide what the backend said. Its sender tries again, with the spans safe in the store meanwhile.
 */
export class OtlpBackend implements SpanBackend {
  readonly #exporter: OTLPTraceExporter;
  readonly #http: HttpTransport | undefined;
  /** What the backend says to the request in flight, beyond taking it or not. */
  #answer: Answer = {};

  constructor(url: string) {
    this.#exporter = new OTLPTraceExporter({ url });
    const { _delegate: parts } = this.#exporter as unknown as ExporterParts;
    const http = '_transport' in parts._transport ? parts._transport._transport : undefined;
    this.#http = http;
    if (http !== undefined) parts._transport = this.#singleAttempt(http);
    parts._responseHandler = {
      handleResponse: ({ partialSuccess }) => (this.#answer.partialSuccess = partialSuccess),
    };
  }

  async send(spans: ReadableSpan[]): Promise<SendOutcome> {
    const answer: Answer = (this.#answer = {});
    const error = await this.#attempt(spans);
    if (error === undefined) {
      const { rejectedSpans = 0, errorMessage } = answer.partialSuccess ?? {};
      return {
        kind: 'sent',
        rejected: Math.min(rejectedSpans, spans.length),
        ...(errorMessage !== undefined && { reason: errorMessage }),
      };
    }
    const status = (error as { code?: unknown }).code;
    if (status === CONTENT_TOO_LARGE && spans.length > 1) return { kind: 'tooLarge', error };
    if (isRefusal(status)) return { kind: 'refused', error };
    return { kind: 'failed', error, retryAfterMs: answer.retryAfterMs ?? 0 };
  }

  abort(): void {
    this.#http?._utils?.agent?.destroy();
  }

  /** The error, or none. */
  #attempt(spans: ReadableSpan[]): Promise<Error | undefined> {
    return new Promise((resolve) => {
      this.#exporter.export(spans, ({ code, error }) => {
        if (code === ExportResultCode.SUCCESS) resolve(undefined);
        else resolve(error ?? new Error('The export failed'));
      });
    });
  }

  #singleAttempt(http: HttpTransport): HttpTransport {
    return {
      send: async (data, timeoutMillis) => {
        const response = await http.send(data, timeoutMillis);
        this.#answer.retryAfterMs = response.retryInMillis;
        return response;
      },
      shutdown: () => {
        http.shutdown();
      },
    };
  }
}

/** The statuses that say that the same request will not be taken later either. */
function isRefusal(status: unknown): boolean {
  return (
    typeof status === 'number' &&
    status >= 400 &&
    status < 500 &&
    status !== REQUEST_TIMEOUT &&
    status !== TOO_MANY_REQUESTS
  );
}
