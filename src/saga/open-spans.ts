import { trace } from '@opentelemetry/api';
import type { SerializableSpan } from '@temporalio/interceptors-opentelemetry';
import { SpanExporter } from '@temporalio/interceptors-opentelemetry/lib/workflow/span-exporter';
import { proxySinks } from '@temporalio/workflow';
import type { Sink, Sinks, WorkflowInternalsInterceptor } from '@temporalio/workflow';

/** What the worker must offer to workflows that report their open spans. */
export interface OpenSpanSinks extends Sinks {
  openSpans: OpenSpanSink;
}

interface OpenSpanSink extends Sink {
  /** All spans of the workflow that have started and not ended, as they are now. */
  report(spans: SerializableSpan[]): void;
}

/** What the API hands out for a provider that was registered: the SDK's, behind a proxy. */
interface RegisteredProvider {
  getDelegate(): { addSpanProcessor(processor: object): void };
}

type OpenSpan = Parameters<SpanExporter['makeSerializable']>[0];

/**
 * Reports the workflow's open spans after every activation that changed them: a span is exported when it ends,
 * which for an order that waits may be days away, and for one that is terminated never comes.
 *
 * Neither draws from the workflow's random stream nor makes a command: histories do not know of it.
 */
export class OpenSpanReporter implements WorkflowInternalsInterceptor {
  readonly #open = new Map<string, OpenSpan>();
  readonly #serializer = new SpanExporter();
  #changed = false;
  #events = 0;

  /** Watches the tracer provider that Temporal's interceptors have registered in this isolate. */
  constructor() {
    const provider = (trace.getTracerProvider() as unknown as RegisteredProvider).getDelegate();
    provider.addSpanProcessor({
      onStart: (span: OpenSpan) => {
        this.#open.set(span.spanContext().spanId, span);
        this.#changed = true;
      },
      onEnd: (span: OpenSpan) => {
        this.#open.delete(span.spanContext().spanId);
        this.#changed = true;
      },
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    });
  }

  concludeActivation: NonNullable<WorkflowInternalsInterceptor['concludeActivation']> = (input, next) => {
    const open = [...this.#open.values()];
    const events = open.reduce((count, span) => count + span.events.length, 0);
    if (this.#changed || events !== this.#events) {
      this.#changed = false;
      this.#events = events;
      proxySinks<OpenSpanSinks>().openSpans.report(
        open.map((span) => this.#serializer.makeSerializable(span)),
      );
    }
    return next(input);
  };
}
