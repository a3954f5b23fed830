import { SpanStatusCode, context, trace } from '@opentelemetry/api';
import type { Attributes, Context, Span } from '@opentelemetry/api';
import { failureText } from './outcome';
import type { FailureText } from './outcome';
import { ERROR_TYPE, EXCEPTION_EVENT, EXCEPTION_MESSAGE, EXCEPTION_TYPE } from './semconv';

/**
 * Runs `run` inside `span`, which ends with it: OK, or ERROR with the reason. `whenDone` is called after that, when it was
 * OK.
 *
 * No `async`: every promise of workflow code costs a stack trace, which Temporal records for its stack query.
 */
export function within<T>(
  parent: Context,
  span: Span,
  run: () => Promise<T>,
  whenDone?: () => void,
): Promise<T> {
  return begun(() => context.with(trace.setSpan(parent, span), run)).then(
    (result) => {
      span.setStatus({ code: SpanStatusCode.OK });
      span.end();
      whenDone?.();
      return result;
    },
    (error: unknown) => {
      const failure = failureText(error);
      recordFailure(span, failure);
      fail(span, failure.message, failure.code);
      span.end();
      throw error;
    },
  );
}

/** What throws before it has made a promise has failed like any other. */
function begun<T>(run: () => Promise<T>): Promise<T> {
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
