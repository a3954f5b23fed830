import type { Tracer } from '@opentelemetry/api';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { ApplicationFailure } from '@temporalio/common';
import { extractContextFromHeaders } from '@temporalio/interceptors-opentelemetry/lib/instrumentation';
import {
  OpenTelemetryActivityInboundInterceptor,
  OpenTelemetryActivityOutboundInterceptor,
} from '@temporalio/interceptors-opentelemetry/lib/worker';
import type {
  ActivityExecuteInput,
  ActivityInboundCallsInterceptor,
  ActivityInterceptorsFactory,
  Next,
} from '@temporalio/worker';
import { ATTR } from './semconv';
import { inAttempt } from './span-ids';

/**
 * Gives every attempt of an activity its own `RunActivity` span, under the `StartActivity` span of the workflow, with
 * the attempt's number (from 1) and, when it failed with one, the failure's code as `error.type`. Log lines of the
 * activity carry its ids. The ids of the attempt's spans follow from the history: see `span-ids.ts`.
 */
export function activityTracing(tracer: Tracer): ActivityInterceptorsFactory {
  return (context) => ({
    inbound: new AttemptTracing(context, { tracer }),
    outbound: new OpenTelemetryActivityOutboundInterceptor(context),
  });
}

class AttemptTracing extends OpenTelemetryActivityInboundInterceptor {
  override execute(
    input: ActivityExecuteInput,
    next: Next<ActivityInboundCallsInterceptor, 'execute'>,
  ): Promise<unknown> {
    return context.with(this.#ids(input), () => super.execute(input, this.#traced(next)));
  }

  #traced(
    next: Next<ActivityInboundCallsInterceptor, 'execute'>,
  ): Next<ActivityInboundCallsInterceptor, 'execute'> {
    return async (attempt) => {
      const span = trace.getActiveSpan();
      span?.setAttribute(ATTR.temporalActivityAttempt, this.ctx.info.attempt);
      try {
        return await next(attempt);
      } catch (error) {
        if (error instanceof ApplicationFailure && error.type) span?.setAttribute(ATTR.errorType, error.type);
        throw error;
      }
    };
  }

  #ids({ headers }: ActivityExecuteInput) {
    const startActivity = trace.getSpanContext(extractContextFromHeaders(headers) ?? ROOT_CONTEXT);
    return startActivity === undefined
      ? context.active()
      : inAttempt(context.active(), startActivity.spanId, this.ctx.info.attempt);
  }
}
