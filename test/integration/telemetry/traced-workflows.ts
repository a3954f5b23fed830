import {
  ApplicationFailure,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  proxyActivities,
  setHandler,
  sleep,
  uuid4,
} from '@temporalio/workflow';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { TracedActivities } from './traced-activities';

const { reserve, refuse } = proxyActivities<TracedActivities>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '10ms', backoffCoefficient: 1, nonRetryableErrorTypes: ['out_of_stock'] },
});

export interface TracedInput {
  readonly secret: string;
  readonly refused?: boolean;
}

export interface TracedResult {
  readonly traceId: string;
  readonly tenant: string | undefined;
  /** Drawn from the workflow's random stream after all the spans: the same only if they drew the same. */
  readonly random: string;
}

export const progressQuery = defineQuery<string>('progress');
export const goSignal = defineSignal('go');
export const touchUpdate = defineUpdate<string, [string]>('touch');

/** A saga in small: a business span around activities, a pause in which it can be queried, a way to fail. */
export async function tracedWorkflow(input: TracedInput): Promise<TracedResult> {
  let go = false;
  let touched = '';
  setHandler(progressQuery, () => touched);
  setHandler(goSignal, () => {
    go = true;
  });
  setHandler(
    touchUpdate,
    (value) => {
      touched = value;
      return value;
    },
    {
      validator: (value) => {
        if (value === '') throw new Error('empty');
      },
    },
  );
  await trace
    .getTracer('saga')
    .startActiveSpan(
      'Step: Reserve Inventory',
      { kind: SpanKind.CLIENT, attributes: { 'saga.id': 's-1', 'card.number': input.secret } },
      async (span) => {
        await reserve(input.secret);
        span.setStatus({ code: SpanStatusCode.OK });
        span.end();
        const undo = trace.getTracer('saga').startSpan('Compensation: Release Inventory', {
          attributes: { 'saga.id': 's-1' },
          links: [{ context: span.spanContext() }],
        });
        undo.addEvent('exception', {
          'exception.type': 'declined',
          'exception.message': 'The card was declined',
        });
        undo.setStatus({ code: SpanStatusCode.ERROR, message: 'The card was declined' });
        undo.end();
      },
    );
  await condition(() => go, '10m');
  await sleep(10);
  if (input.refused === true) {
    await refuse(input.secret);
    throw ApplicationFailure.nonRetryable('unreachable');
  }
  await reserve(input.secret);
  return {
    traceId: trace.getActiveSpan()?.spanContext().traceId ?? '',
    tenant: propagation.getBaggage(context.active())?.getEntry('tenant')?.value,
    random: uuid4(),
  };
}
