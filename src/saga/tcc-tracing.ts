import { SpanKind, SpanStatusCode, context, trace } from '@opentelemetry/api';
import type { Attributes, Context, Span, SpanContext, Tracer } from '@opentelemetry/api';
import type { FailureText } from './outcome';
import { SAGA_ATTRIBUTES, TCC_ATTRIBUTES, TCC_EVENT_NAMES, TCC_RESULTS, TCC_SPAN_NAMES } from './semconv';
import type { TccPhase } from './semconv';
import { fail, recordFailure } from './spans';
import type { SpanAttributes } from './step';

/**
 * The spans of a TCC transaction: one for the whole, under it one per phase that it has reached; Confirm and
 * Cancel are linked to Try.
 */
export class TccTracing {
  readonly #tracer: Tracer;
  readonly #transaction: Span;
  readonly #parent: Context;
  readonly #common: Attributes;
  #try: SpanContext | undefined;
  #failure: { readonly at: 'try' | 'confirm'; readonly type: string } | undefined;

  constructor(tracer: Tracer, parent: Context, tccId: string, common: SpanAttributes) {
    this.#tracer = tracer;
    this.#common = { [TCC_ATTRIBUTES.id]: tccId, ...common };
    this.#transaction = tracer.startSpan(
      TCC_SPAN_NAMES.transaction,
      { kind: SpanKind.INTERNAL, attributes: this.#common },
      parent,
    );
    this.#parent = trace.setSpan(parent, this.#transaction);
  }

  /** Begins the span of a phase; whoever calls this ends it. */
  phase(phase: TccPhase): PhaseTracing {
    this.#transaction.setAttribute(TCC_ATTRIBUTES.phase, phase);
    const span = this.#tracer.startSpan(
      TCC_SPAN_NAMES[phase],
      {
        kind: SpanKind.INTERNAL,
        attributes: { [TCC_ATTRIBUTES.phase]: phase, ...this.#common },
        ...(this.#try !== undefined && { links: [{ context: this.#try }] }),
      },
      this.#parent,
    );
    this.#try ??= span.spanContext();
    return new PhaseTracing(span, trace.setSpan(this.#parent, span));
  }

  succeeded(phase: 'try' | 'confirm'): void {
    this.#transaction.addEvent(TCC_EVENT_NAMES[phase].succeeded);
  }

  /** The reason, and the event that says what follows; the span goes on until that is done. */
  failed(at: 'try' | 'confirm', failure: FailureText): void {
    this.#failure = { at, type: failure.code };
    recordFailure(this.#transaction, failure);
    this.#transaction.addEvent(TCC_EVENT_NAMES[at].failed);
  }

  /** Ends the transaction's span: OK unless it has {@link failed}. Once is enough. */
  end(): void {
    if (!this.#transaction.isRecording()) return;
    const { at, type } = this.#failure ?? { at: 'completed', type: '' };
    this.#transaction.setAttribute(TCC_ATTRIBUTES.result, TCC_RESULTS[at]);
    if (at === 'completed') this.#transaction.setStatus({ code: SpanStatusCode.OK });
    else fail(this.#transaction, TCC_RESULTS[at], type);
    this.#transaction.end();
  }
}

/** The span of one phase. */
export class PhaseTracing {
  readonly #span: Span;
  readonly #context: Context;
  #failure: FailureText | undefined;

  constructor(span: Span, phaseContext: Context) {
    this.#span = span;
    this.#context = phaseContext;
  }

  get spanContext(): SpanContext {
    return this.#span.spanContext();
  }

  /** Runs a participant's part under the phase's span. */
  within<T>(run: () => Promise<T>): Promise<T> {
    return context.with(this.#context, run);
  }

  event(name: string | undefined): void {
    if (name !== undefined) this.#span.addEvent(name);
  }

  /** @param step whose part it was. */
  failed(failure: FailureText, step: string): void {
    this.#failure ??= failure;
    recordFailure(this.#span, failure, { [SAGA_ATTRIBUTES.step]: step });
  }

  /** OK, or ERROR with `reason`, by default that of the first part that failed. */
  end(reason = this.#failure): void {
    if (reason === undefined) {
      this.#span.setStatus({ code: SpanStatusCode.OK });
    } else {
      if (this.#failure === undefined) recordFailure(this.#span, reason);
      fail(this.#span, reason.message, reason.code);
    }
    this.#span.end();
  }
}
