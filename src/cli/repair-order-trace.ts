import { orderWorkflowId } from '../domain/ids';
import type { Orders } from '../orders/open-orders';
import { memoOf } from '../orders/order-summary';
import { startTelemetry } from '../telemetry/start-telemetry';
import { installTemporalRuntime } from '../telemetry/temporal-logger';
import type { StoredSpan } from '../telemetry/stored-span';
import { openTraceStore } from '../telemetry/trace-store';
import { dataConverterOf } from '../temporal/data-converter';
import { workflowBundle } from '../temporal/workflow-bundle';
import { repairTraces } from '../trace-repair/repair-traces';
import type { BrokenRun, TraceRepair } from '../trace-repair/repair-traces';
import type { CommandContext } from './context';

/** What is written here is the worker's word. */
const SERVICE = 'order-service';

/**
 * Makes the order's trace whole, from its history, and says what was missing; of one that the guardian took over, from
 * both.
 *
 * @throws Error when the workflow's code does not go with the history: the repair wants the version that ran it.
 */
export async function repairOrderTrace(
  orderId: string,
  { client }: Pick<Orders, 'client'>,
  { config, io, output }: CommandContext,
): Promise<TraceRepair['written']> {
  const logLevel = io.env['LOG_LEVEL'] ? config.logLevel : 'silent';
  const telemetry = startTelemetry({
    service: SERVICE,
    config: { ...config, logLevel },
    environment: io.env,
  });
  installTemporalRuntime(telemetry.logger, { shutdownSignals: [] });
  const store = openTraceStore(config);
  try {
    const workflowId = orderWorkflowId(orderId);
    const description = await client.workflow.getHandle(workflowId).describe();
    const interrupted = memoOf(description).settlement?.runId;
    const runs: BrokenRun[] = [];
    let events = 0;
    for (const runId of [...(interrupted === undefined ? [] : [interrupted]), description.runId]) {
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      runs.push({ workflowId, runId, history });
      events += history.events?.length ?? 0;
    }
    output.note(`Replaying the ${String(events)} events of order ${orderId} …`);
    const bundle = await workflowBundle(config.worker);
    const repairs = repairTraces(inTurn(runs), {
      store,
      telemetry,
      workflowBundle: bundle,
      dataConverter: dataConverterOf(config),
    });
    const written: StoredSpan[] = [];
    for await (const repair of repairs) {
      if (repair.error !== undefined) throw repair.error;
      written.push(...repair.written);
    }
    output.note(
      written.length === 0
        ? 'Nothing was missing'
        : `Written: ${written.map(({ name, spanId }) => `${name} (${spanId})`).join(', ')}`,
    );
    return written;
  } finally {
    store.close();
    await telemetry.shutdown();
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- the repair takes its runs as they come
async function* inTurn(runs: readonly BrokenRun[]): AsyncGenerator<BrokenRun> {
  yield* runs;
}
