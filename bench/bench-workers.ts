import type { Tracer } from '@opentelemetry/api';
import { Client } from '@temporalio/client';
import type { Connection } from '@temporalio/client';
import { StartTracing } from '../src/telemetry/client-interceptor';
import { TsProcess } from '../test/support/ts-process';
import type { Done } from './measure';

export type WorkerKind = 'bare' | 'plain' | 'traced';

/** One worker of each kind, on the task queue that is called as the kind; each says `ready`. */
export function startWorkers<Kind extends WorkerKind>(
  kinds: readonly Kind[],
  environment: Readonly<Record<string, string>>,
  ...options: readonly 'recorded'[]
): Record<Kind, TsProcess> {
  const start = (kind: Kind) =>
    new TsProcess('bench/worker-process.ts', [kind, kind, ...options], { ...process.env, ...environment });
  return Object.fromEntries(kinds.map((kind) => [kind, start(kind)])) as Record<Kind, TsProcess>;
}

/** Runs one workflow of the given type to its end. @throws WorkflowFailedError when it fails. */
export type RunWorkflow = (
  type: string,
  options: { readonly taskQueue: WorkerKind; readonly workflowId: string },
) => Promise<Done>;

/** Who starts the bench's workflows: one who traces nothing, and one who begins a trace for each. */
export function benchClients(
  connection: Connection,
  tracer: Tracer,
): Record<'plain' | 'traced', RunWorkflow> {
  const plain = new Client({ connection });
  const traced = new Client({ connection, interceptors: { workflow: [new StartTracing({ tracer })] } });
  return {
    plain: async (type, options) => {
      await plain.workflow.execute(type, options);
      return { workflowId: options.workflowId };
    },
    traced: (type, options) =>
      tracer.startActiveSpan('orders start', async (span) => {
        await traced.workflow.execute(type, options).finally(() => {
          span.end();
        });
        return { workflowId: options.workflowId, traceId: span.spanContext().traceId };
      }),
  };
}
