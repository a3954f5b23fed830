import { SpanStatusCode, context, trace } from '@opentelemetry/api';
import type { Attributes, Context, Span } from '@opentelemetry/api';
import { failureText } from './outcome';
import type { FailureText } from './outcome';
import { ERROR_TYPE, EXCEPTION_EVENT, EXCEPTION_MESSAGE, EXCEPTION_TYPE } from './semconv';

/** Runs `run` inside `span`, which ends with it: OK, or ERROR with the reason. */
export async function within<T>(parent: Context, span: Span, run: () => Promise<T>): Promise<T> {
  try {
    const result = await context.with(trace.setSpan(parent, span), run);
    span.setStatus({ code: SpanStatusCode.OK });
    return result;
  } catch (error) {
    const failure = failureText(error);
    recordFailure(span, failure);
    fail(span, failure.message, failure.code);
    throw error;
  } finally {
    span.end();
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
