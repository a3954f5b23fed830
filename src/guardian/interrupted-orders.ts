import type { SpanContext } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { WorkflowBundleOption } from '@temporalio/worker';
import type { Logger } from 'pino';
import { orderIdOfWorkflow } from '../domain/ids';
import { STEPS_OF } from '../domain/steps';
import type { StepName } from '../domain/steps';
import { readBooks } from '../orders/audit/books';
import type { BookSources } from '../orders/audit/books';
import { isComplete } from '../orders/audit/effects';
import { latestRuns } from '../orders/latest-runs';
import { interruptionOf, memoOf } from '../orders/order-summary';
import { quoteValue } from '../orders/visibility-query';
import { SPAN_NAMES, TCC_SPAN_NAMES } from '../saga/semconv';
import { replaySpans } from '../trace-repair/replay-spans';
import type { OrderWorkflowInput, SettlementInput } from '../workflows/definitions';
import { ALL_ORDER_WORKFLOW_TYPES, SETTLEMENT_WORKFLOW_TYPE } from '../workflows/definitions';
import { withoutMemos } from './memo-less';
import { readPast, withSpans } from './order-past';
import type { OrderPast } from './order-past';
import type { Settlement } from './settle';

export interface InterruptedDeps {
  readonly client: Client;
  readonly sources: BookSources;
  readonly workflowBundle: WorkflowBundleOption;
  readonly resource: Resource;
  readonly logger: Logger;
}

/** Workflow ids of the orders whose latest run was interrupted, as far as Temporal's list knows yet. */
export async function interruptedWorkflows({ client }: Pick<InterruptedDeps, 'client'>): Promise<string[]> {
  const types = ALL_ORDER_WORKFLOW_TYPES.map(quoteValue).join(', ');
  const query =
    `WorkflowType IN (${types}) AND (WorkflowType = ${quoteValue(SETTLEMENT_WORKFLOW_TYPE)}` +
    " OR ExecutionStatus IN ('Terminated', 'TimedOut', 'Failed', 'Canceled'))";
  const runs = [];
  for await (const info of withoutMemos(client).workflow.list({ query, pageSize: 1000 })) {
    const { workflowId, startTime, status } = info;
    runs.push({ workflowId, startTime, status });
  }
  return latestRuns(runs)
    .filter((info) => interruptionOf(info) !== undefined)
    .map(({ workflowId }) => workflowId);
}

/** What is to be settled of the order, by its history and the books; undefined when nothing is. */
export async function settlementOf(
  workflowId: string,
  deps: InterruptedDeps,
): Promise<Settlement | undefined> {
  const { client } = deps;
  const run = await describe(workflowId, client);
  if (run === undefined || interruptionOf(run) === undefined) return undefined;
  const history = await client.workflow.getHandle(workflowId, run.runId).fetchHistory();
  const past = await readPast(history, client.options.loadedDataConverter);
  const { headers, settlement, order } = past;
  const memo = memoOf(run);
  if (settlement !== undefined) return { input: settlement, memo, headers };
  if (order === undefined) return undefined;
  const spans = await spansOfSteps(workflowId, history, deps);
  const input = inputOf(run, order, {
    ...past,
    steps: withSpans(past.steps, ({ step }) => spans.get(step)),
  });
  return { input: { ...input, completed: await isCompleted(past, order, deps) }, memo, headers };
}

async function describe(
  workflowId: string,
  client: Client,
): Promise<WorkflowExecutionDescription | undefined> {
  try {
    return await client.workflow.getHandle(workflowId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

function inputOf(
  run: WorkflowExecutionDescription,
  { order, amount, policies }: OrderWorkflowInput,
  { steps, paymentId, shipmentId }: OrderPast,
): Omit<SettlementInput, 'completed'> {
  const { orderId, customerId, items, transaction } = order;
  return {
    order: { orderId, customerId, items, transaction },
    amount,
    policies,
    createdAt: run.startTime.toISOString(),
    settlement: {
      abandoned: interruptionOf(run) ?? 'terminated',
      ...(run.closeTime !== undefined && { abandonedAt: run.closeTime.toISOString() }),
      runId: run.runId,
    },
    steps,
    ...(paymentId !== undefined && { paymentId }),
    ...(shipmentId !== undefined && { shipmentId }),
  };
}

/** As `orders audit` counts it: everything stands, once, and is paid exactly; and nobody had begun to undo it. */
async function isCompleted(
  { steps, undoing }: OrderPast,
  { order: { orderId } }: OrderWorkflowInput,
  { sources }: InterruptedDeps,
): Promise<boolean> {
  if (undoing || steps.some(({ state }) => state === 'pending' || state === 'failed')) return false;
  const { effects } = await readBooks(sources, [orderId]);
  const own = effects.get(orderId);
  return own !== undefined && isComplete(own);
}

/** The span of every step, or of its phase, by a replay: a compensation is linked to what it undoes. */
async function spansOfSteps(
  workflowId: string,
  history: Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>>,
  { client, workflowBundle, resource, logger }: InterruptedDeps,
): Promise<ReadonlyMap<StepName, SpanContext>> {
  const found = new Map<StepName, SpanContext>();
  const replay = { workflowBundle, resource, dataConverter: client.options.dataConverter };
  for await (const run of replaySpans([{ workflowId, history }], replay)) {
    if (run.error !== undefined) {
      const orderId = orderIdOfWorkflow(workflowId);
      logger.warn({ orderId, err: run.error }, 'the guardian settles an order without links to its steps');
    }
    for (const plan of [...STEPS_OF.saga, ...STEPS_OF.tcc]) {
      const name = 'phase' in plan ? TCC_SPAN_NAMES[plan.phase] : SPAN_NAMES.step(plan.title);
      const span = [...run.ended, ...run.open].find((candidate) => candidate.name === name);
      if (span !== undefined) found.set(plan.name, span.spanContext());
    }
  }
  return found;
}
