import { SpanStatusCode, context, isSpanContextValid, trace } from '@opentelemetry/api';
import type { Context, Span, Tracer, TracerProvider } from '@opentelemetry/api';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { ContinueAsNew, proxySinks, workflowInfo } from '@temporalio/workflow';
import type {
  ActivityInput,
  ConcludeActivationInput,
  GetLogAttributesInput,
  LocalActivityInput,
  Next,
  WorkflowExecuteInput,
  WorkflowInboundCallsInterceptor,
  WorkflowInterceptors,
  WorkflowInternalsInterceptor,
  WorkflowOutboundCallsInterceptor,
} from '@temporalio/workflow';
import { WorkflowContextManager } from './context';
import { contextOf, headersWith } from './headers';
import type { WorkflowSpanSinks } from './span-data';
import { WorkflowSpans } from './tracer';

/** The scope that Temporal's own interceptors have. */
const SCOPE = '@temporalio/interceptor-workflow';

/**
 * Traces a workflow's run and the activities that it starts, under the names and in the shape of
 * `@temporalio/interceptors-opentelemetry`, and makes `@opentelemetry/api` work in workflow code: its spans stand below
 * these, in the caller's trace, with the same ids at every replay.
 *
 * Queries, signals and updates are not traced. A span in a query or in an update's validator would draw its id from the
 * workflow's random stream, is not replayed, and so would shift every id that comes after; one in a signal or an update
 * would belong to the sender's trace.
 *
 * Temporal's SDK looks at every promise of workflow code, and with `WORKFLOW_STACK_TRACES=on` records its stack: what follows
 * makes one for each call that it traces.
 */
export function workflowTracing(): WorkflowInterceptors {
  const spans = new WorkflowSpans();
  context.setGlobalContextManager(new WorkflowContextManager());
  provideTracers(spans);
  const tracer = spans.getTracer(SCOPE);
  return {
    inbound: [new RunTracing(tracer)],
    outbound: [new ActivityStartTracing(tracer)],
    internals: [new SpanReporter(spans)],
  };
}

/** Where every copy of OpenTelemetry's API 1.x looks for what was registered: a global, and so each run's own. */
const API = Symbol.for('opentelemetry.js.api.1');

/**
 * As `trace.setGlobalTracerProvider`, which would keep the provider in a module: those are shared by all runs of a worker,
 * where they are loaded in advance.
 */
function provideTracers(provider: TracerProvider): void {
  const api = (globalThis as { [API]?: { trace?: TracerProvider } })[API];
  if (api === undefined) throw new Error('Nothing was registered with the API of OpenTelemetry');
  api.trace = provider;
}

class RunTracing implements WorkflowInboundCallsInterceptor {
  readonly #tracer: Tracer;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  execute(
    input: WorkflowExecuteInput,
    next: Next<WorkflowInboundCallsInterceptor, 'execute'>,
  ): Promise<unknown> {
    const caller = contextOf(input.headers);
    const span = this.#tracer.startSpan(`RunWorkflow:${workflowInfo().workflowType}`, {}, caller);
    return endWith(span, () => context.with(trace.setSpan(caller, span), () => next(input)));
  }
}

class ActivityStartTracing implements WorkflowOutboundCallsInterceptor {
  readonly #tracer: Tracer;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  scheduleActivity(
    input: ActivityInput,
    next: Next<WorkflowOutboundCallsInterceptor, 'scheduleActivity'>,
  ): Promise<unknown> {
    return this.#started(input, next);
  }

  scheduleLocalActivity(
    input: LocalActivityInput,
    next: Next<WorkflowOutboundCallsInterceptor, 'scheduleLocalActivity'>,
  ): Promise<unknown> {
    return this.#started(input, next);
  }

  /** Log lines of the workflow carry the ids of the span that is active. */
  getLogAttributes(
    input: GetLogAttributesInput,
    next: Next<WorkflowOutboundCallsInterceptor, 'getLogAttributes'>,
  ): Record<string, unknown> {
    const span = trace.getSpanContext(context.active());
    if (span === undefined || !isSpanContextValid(span)) return next(input);
    const { traceId, spanId, traceFlags } = span;
    return next({
      trace_id: traceId,
      span_id: spanId,
      trace_flags: traceFlags.toString(16).padStart(2, '0'),
      ...input,
    });
  }

  #started<Input extends ActivityInput | LocalActivityInput>(
    input: Input,
    next: (input: Input) => Promise<unknown>,
  ): Promise<unknown> {
    const parent: Context = context.active();
    const span = this.#tracer.startSpan(`StartActivity:${input.activityType}`, {}, parent);
    const headers = headersWith(trace.setSpan(parent, span), input.headers);
    return endWith(span, () => next({ ...input, headers }));
  }
}

/** Tells the worker after every activation which spans it has begun, changed and ended, in one call. */
class SpanReporter implements WorkflowInternalsInterceptor {
  readonly #spans: WorkflowSpans;
  readonly #sink = proxySinks<WorkflowSpanSinks>().workflowSpans;

  constructor(spans: WorkflowSpans) {
    this.#spans = spans;
  }

  concludeActivation(
    input: ConcludeActivationInput,
    next: Next<WorkflowInternalsInterceptor, 'concludeActivation'>,
  ): ReturnType<typeof next> {
    const changed = this.#spans.take();
    if (changed !== undefined) this.#sink.changed(changed);
    return next(input);
  }
}

/** The span ends with `run`. */
function endWith(span: Span, run: () => Promise<unknown>): Promise<unknown> {
  return run().then(
    (result) => {
      span.setStatus({ code: SpanStatusCode.OK }).end();
      return result;
    },
    (error: unknown) => {
      recordEnd(span, error);
      throw error;
    },
  );
}

function recordEnd(span: Span, error: unknown): void {
  if (error instanceof ContinueAsNew) {
    span.setStatus({ code: SpanStatusCode.OK }).end();
    return;
  }
  const isBenign =
    error instanceof ApplicationFailure && error.category === ApplicationFailureCategory.BENIGN;
  const message = error instanceof Error ? error.message : String(error);
  span.setStatus({ code: isBenign ? SpanStatusCode.UNSET : SpanStatusCode.ERROR, message });
  span.recordException(error instanceof Error ? error : message);
  span.end();
}
