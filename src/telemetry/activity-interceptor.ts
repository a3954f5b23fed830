import type { Tracer } from '@opentelemetry/api';
import { context, ROOT_CONTEXT, trace, TraceFlags } from '@opentelemetry/api';
import { RandomIdGenerator } from '@opentelemetry/sdk-trace-base';
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
 *
 * @param untraced types of activities that are nobody's order: neither they nor what they call leaves a span.
 */
export function activityTracing(
  tracer: Tracer,
  untraced: ReadonlySet<string> = new Set(),
): ActivityInterceptorsFactory {
  return (context) =>
    untraced.has(context.info.activityType)
      ? { inbound: new Untraced() }
      : {
          inbound: new AttemptTracing(context, { tracer }),
          outbound: new OpenTelemetryActivityOutboundInterceptor(context),
        };
}

/** In a trace that is not sampled: its services are told so, and begin none of their own. */
class Untraced implements ActivityInboundCallsInterceptor {
  readonly #ids = new RandomIdGenerator();

  execute(
    input: ActivityExecuteInput,
    next: Next<ActivityInboundCallsInterceptor, 'execute'>,
  ): Promise<unknown> {
    const unsampled = {
      traceId: this.#ids.generateTraceId(),
      spanId: this.#ids.generateSpanId(),
      traceFlags: TraceFlags.NONE,
    };
    return context.with(trace.setSpanContext(ROOT_CONTEXT, unsampled), () => next(input));
  }
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
