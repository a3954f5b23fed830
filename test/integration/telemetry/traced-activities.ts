import type { Tracer } from '@opentelemetry/api';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { tracedFetch } from '../../../src/telemetry/http-client-tracing';

export type TracedActivities = ReturnType<typeof createTracedActivities>;

/** Activities that call the traced service; the first attempt of `reserve` of a run fails after its call. */
export function createTracedActivities({ tracer, baseUrl }: { tracer: Tracer; baseUrl: string }) {
  const failedOnce = new Set<string>();
  const post = async (secret: string) => {
    const response = await tracedFetch(tracer, {
      method: 'POST',
      baseUrl,
      route: '/reservations',
      query: { card: secret },
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ secret }),
      signal: Context.current().cancellationSignal,
    });
    await response.arrayBuffer();
  };
  return {
    async reserve(secret: string): Promise<string> {
      await post(secret);
      Context.current().log.info('reserved');
      const { runId } = Context.current().info.workflowExecution ?? { runId: '' };
      if (!failedOnce.has(runId)) {
        failedOnce.add(runId);
        throw new Error(`the network broke while sending ${secret}`);
      }
      return secret;
    },
    refuse(secret: string): Promise<string> {
      throw ApplicationFailure.create({
        message: `not enough of ${secret}`,
        type: 'out_of_stock',
        nonRetryable: true,
        details: [secret],
      });
    },
  };
}
