import type { Tracer } from '@opentelemetry/api';
import { trace } from '@opentelemetry/api';
import { ApplicationFailure } from '@temporalio/common';
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

/**
 * Gives every attempt of an activity its own `RunActivity` span, under the `StartActivity` span of the workflow, with
 * the attempt's number (from 1) and, when it failed with one, the failure's code as `error.type`. Log lines of the
 * activity carry its ids.
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
    return super.execute(input, async (attempt) => {
      const span = trace.getActiveSpan();
      span?.setAttribute(ATTR.temporalActivityAttempt, this.ctx.info.attempt);
      try {
        return await next(attempt);
      } catch (error) {
        if (error instanceof ApplicationFailure && error.type) span?.setAttribute(ATTR.errorType, error.type);
        throw error;
      }
    });
  }
}
