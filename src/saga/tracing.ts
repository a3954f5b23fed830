import { SpanKind, SpanStatusCode, context, trace } from '@opentelemetry/api';
import type { Attributes, Context, Span, SpanContext } from '@opentelemetry/api';
import { failureText } from './outcome';
import type { FailureText } from './outcome';
import { EVENT_NAMES, EXCEPTION_MESSAGE, ORCHESTRATION, SAGA_ATTRIBUTES, SPAN_NAMES } from './semconv';
import { fail, recordFailure, within } from './spans';
import type { AfterSpan } from './spans';
import type { SpanAttributes, StepPlan } from './step';
import { TccTracing } from './tcc-tracing';

/**
 * The saga's spans: one for the saga, under it one per step and per compensation, each compensation linked
 * to the step it undoes. Ids come from the workflow's own random stream: a replay makes the same ones.
 */
export class SagaTracing {
  readonly #tracer = trace.getTracer('saga');
  readonly #saga: Span;
  readonly #parent: Context;
  readonly #id: string;
  readonly #common: SpanAttributes;

  constructor(title: string, sagaId: string, common: SpanAttributes, attributes: SpanAttributes) {
    this.#id = sagaId;
    this.#common = common;
    this.#saga = this.#tracer.startSpan(SPAN_NAMES.saga(title), {
      kind: SpanKind.INTERNAL,
      attributes: {
        [SAGA_ATTRIBUTES.type]: ORCHESTRATION,
        [SAGA_ATTRIBUTES.id]: sagaId,
        ...common,
        ...attributes,
      },
    });
    this.#parent = trace.setSpan(context.active(), this.#saga);
  }

  /** Empty when nothing traces. */
  get traceId(): string {
    return this.#saga.spanContext().traceId;
  }

  /** Runs the step's action inside its span, which ends with it. */
  step<T, R>(
    plan: StepPlan,
    { attributes, doneAttributes }: { attributes?: SpanAttributes; doneAttributes?: SpanAttributes },
    run: (span: SpanContext) => Promise<T>,
    after: AfterSpan<T, R>,
  ): Promise<R> {
    const span = this.#tracer.startSpan(
      SPAN_NAMES.step(plan.title),
      { kind: SpanKind.CLIENT, attributes: this.#work(plan.name, plan.number, 'action', attributes) },
      this.#parent,
    );
    return within(this.#parent, span, () => run(span.spanContext()), {
      ...after,
      done: (result) => {
        if (plan.events?.done !== undefined) this.event(plan.events.done, doneAttributes);
        return after.done(result);
      },
    });
  }

  /** Runs a compensation inside its span, linked to the span of the step it undoes, where that is known. */
  compensation<T>(plan: StepPlan, undoes: SpanContext | undefined, run: () => Promise<T>): Promise<T> {
    const { name, title } = plan.compensation ?? plan;
    const span = this.#tracer.startSpan(
      SPAN_NAMES.compensation(title),
      {
        kind: SpanKind.CLIENT,
        attributes: this.#work(name, plan.number, 'compensation'),
        links: undoes === undefined ? [] : [{ context: undoes }],
      },
      this.#parent,
    );
    return within(this.#parent, span, run, { done: (result) => result });
  }

  /** Begins the span of a TCC transaction under the saga's. */
  tcc(): TccTracing {
    return new TccTracing(this.#tracer, this.#parent, this.#id, this.#common);
  }

  event(name: string, attributes?: Attributes): void {
    this.#saga.addEvent(name, attributes);
  }

  /** The reason on the saga's own span, and the event that says what follows. */
  stepFailed(plan: StepPlan, error: unknown): void {
    recordFailure(this.#saga, failureText(error));
    if (plan.events?.failed !== undefined) this.event(plan.events.failed);
  }

  compensationFailed(name: string, failure: FailureText): void {
    this.event(EVENT_NAMES.compensationFailed, {
      [SAGA_ATTRIBUTES.step]: name,
      [EXCEPTION_MESSAGE]: failure.message,
    });
  }

  completed(result: string): void {
    this.#saga.setAttribute(SAGA_ATTRIBUTES.result, result);
    this.#saga.setStatus({ code: SpanStatusCode.OK });
    this.#saga.end();
  }

  failed(result: string, errorType: string): void {
    this.#saga.setAttribute(SAGA_ATTRIBUTES.result, result);
    fail(this.#saga, result, errorType);
    this.#saga.end();
  }

  #work(name: string, number: number, type: 'action' | 'compensation', own?: SpanAttributes): Attributes {
    return {
      [SAGA_ATTRIBUTES.step]: name,
      [SAGA_ATTRIBUTES.stepNumber]: number,
      [SAGA_ATTRIBUTES.stepType]: type,
      [SAGA_ATTRIBUTES.id]: this.#id,
      ...this.#common,
      ...own,
    };
  }
}
