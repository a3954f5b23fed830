import { SpanStatusCode, context, trace } from '@opentelemetry/api';
import type { Attributes, Context, Span } from '@opentelemetry/api';
import { failureText } from './outcome';
import type { FailureText } from './outcome';
import { ERROR_TYPE, EXCEPTION_EVENT, EXCEPTION_MESSAGE, EXCEPTION_TYPE } from './semconv';

/** What follows from a span's end. */
export interface AfterSpan<T, R> {
  /** @returns what the caller gets. */
  readonly done: (result: T) => R;
  /** The caller gets the failure, whatever this does. */
  readonly failed?: (error: unknown) => void;
}

/**
 * Runs `run` inside `span`, which ends with it: OK, or ERROR with the reason.
 *
 * No `async`: Temporal's SDK looks at every promise of workflow code, and with `WORKFLOW_STACK_TRACES=on` records its stack.
 */
export function within<T, R>(
  parent: Context,
  span: Span,
  run: () => Promise<T>,
  after: AfterSpan<T, R>,
): Promise<R> {
  return begun(() => context.with(trace.setSpan(parent, span), run)).then(
    (result) => {
      span.setStatus({ code: SpanStatusCode.OK });
      span.end();
      return after.done(result);
    },
    (error: unknown) => {
      const failure = failureText(error);
      recordFailure(span, failure);
      fail(span, failure.message, failure.code);
      span.end();
      after.failed?.(error);
      throw error;
    },
  );
}

/** What throws before it has made a promise has failed like any other. */
export function begun<T>(run: () => Promise<T>): Promise<T> {
  try {
    return run();
  } catch (error) {
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  }
}

/** Records a failure on `span` as OpenTelemetry has it: an `exception` event, here with the business's reason. */
export function recordFailure(span: Span, failure: FailureText, attributes?: Attributes): void {
  span.addEvent(EXCEPTION_EVENT, {
    ...attributes,
    [EXCEPTION_TYPE]: failure.code,
    [EXCEPTION_MESSAGE]: failure.message,
  });
}

/** Makes `span` an ERROR. */
export function fail(span: Span, message: string, errorType: string): void {
  span.setAttribute(ERROR_TYPE, errorType);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}
