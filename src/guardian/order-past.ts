import type { SpanContext } from '@opentelemetry/api';
import { ApplicationFailure } from '@temporalio/common';
import type { LoadedDataConverter, Payload } from '@temporalio/common';
import {
  decodeArrayFromPayloads,
  decodeFromPayloadsAtIndex,
  decodeOptionalFailureToOptionalError,
} from '@temporalio/common/lib/internal-non-workflow';
import type { temporal } from '@temporalio/proto';
import { ALL_STEPS, STEPS_OF } from '../domain/steps';
import type { OrderStep, StepName } from '../domain/steps';
import { failureText, outcomeOf } from '../saga/outcome';
import { isLocal, policyOf } from '../saga/policy';
import type { SagaPolicies } from '../saga/policy';
import type {
  AbandonedStep,
  OrderWorkflowInput,
  SettlementInput,
  SkipCompensationRequest,
} from '../workflows/definitions';
import {
  SETTLEMENT_WORKFLOW_TYPE,
  cancelOrderSignal,
  skipCompensationUpdate,
} from '../workflows/definitions';

import { localAttemptOf } from './local-attempt';
import type { LocalAttempt } from './local-attempt';

type History = temporal.api.history.v1.IHistory;
type HistoryEvent = temporal.api.history.v1.IHistoryEvent;
type ActivityScheduled = temporal.api.history.v1.IActivityTaskScheduledEventAttributes;

/** Headers of a workflow's start, which carry its trace. */
export type StartHeaders = Readonly<Record<string, Payload>>;

/** What an interrupted run's history says of its order. */
export interface OrderPast {
  readonly headers: StartHeaders;
  /** Of a run of the guardian's own: it is to be done again as it was. */
  readonly settlement?: SettlementInput;
  /** Of the order's own run. */
  readonly order?: OrderWorkflowInput;
  readonly steps: readonly AbandonedStep[];
  /** Whether it was being undone, or was to be. */
  readonly undoing: boolean;
  readonly paymentId?: string;
  readonly shipmentId?: string;
}

/** Reads a run that was interrupted. @throws Error when the history does not begin with the start of an order. */
export async function readPast(history: History, converter: LoadedDataConverter): Promise<OrderPast> {
  const events = history.events ?? [];
  const start = events[0]?.workflowExecutionStartedEventAttributes;
  const [input] = await decodeArrayFromPayloads(converter, start?.input?.payloads);
  if (!start || input === undefined) throw new Error('The history does not begin with the start of an order');
  const headers = (start.header?.fields ?? {}) as StartHeaders;
  if (start.workflowType?.name === SETTLEMENT_WORKFLOW_TYPE) {
    const settlement = input as SettlementInput;
    const steps = await withSkips(settlement.steps, events, converter);
    return { headers, settlement: { ...settlement, steps }, steps, undoing: true };
  }
  const order = input as OrderWorkflowInput;
  const plans = STEPS_OF[order.order.transaction];
  const read = await Promise.all(plans.map((plan) => readStep(plan, events, converter)));
  const parts = withLost(plans, read, order.policies);
  const { paymentId, shipmentId } = Object.assign({}, ...parts.map(({ ids }) => ids)) as Ids;
  return {
    headers,
    order,
    steps: await withSkips(
      parts.map(({ step }) => step),
      events,
      converter,
    ),
    undoing: isUndoing(plans, events),
    ...(paymentId !== undefined && { paymentId }),
    ...(shipmentId !== undefined && { shipmentId }),
  };
}

/** `steps` with the spans that tell of them. */
export function withSpans(
  steps: readonly AbandonedStep[],
  spanOf: (step: AbandonedStep) => SpanContext | undefined,
): AbandonedStep[] {
  return steps.map((step) => {
    const context = step.state === 'pending' ? undefined : spanOf(step);
    if (context === undefined) return step;
    const { traceId, spanId, traceFlags } = context;
    return { ...step, span: { traceId, spanId, traceFlags } };
  });
}

interface Ids {
  readonly paymentId?: string;
  readonly shipmentId?: string;
}

interface PastPart {
  readonly step: AbandonedStep;
  readonly ids: Ids;
}

async function readStep(
  { name }: OrderStep,
  events: readonly HistoryEvent[],
  converter: LoadedDataConverter,
): Promise<PastPart> {
  const scheduled = events.find((event) => isOf(event.activityTaskScheduledEventAttributes, name));
  if (scheduled === undefined) return readLocalStep(name, events, converter);
  const isOfThis = (id: unknown) => String(id) === String(scheduled.eventId);
  const started = events.find(({ activityTaskStartedEventAttributes: attributes }) =>
    isOfThis(attributes?.scheduledEventId),
  );
  const begun = {
    step: name,
    attempts: started?.activityTaskStartedEventAttributes?.attempt ?? 1,
    startedAt: timeOf(scheduled),
  };
  for (const event of events) {
    const completed = event.activityTaskCompletedEventAttributes;
    if (completed && isOfThis(completed.scheduledEventId)) {
      const reported = await decodeFromPayloadsAtIndex<{ value?: Ids }>(
        converter,
        0,
        completed.result?.payloads,
      );
      return { step: { ...begun, state: 'done', endedAt: timeOf(event) }, ids: reported.value ?? {} };
    }
    const failed = event.activityTaskFailedEventAttributes ?? event.activityTaskTimedOutEventAttributes;
    if (failed && isOfThis(failed.scheduledEventId)) {
      const error = await decodeOptionalFailureToOptionalError(converter, failed.failure);
      const state = outcomeOf(error) === 'not_done' ? 'failed' : 'unknown';
      return { step: { ...begun, state, endedAt: timeOf(event), error: textOf(error) }, ids: {} };
    }
  }
  return { step: { ...begun, state: 'unknown', error: NO_OUTCOME }, ids: {} };
}

/** Of a step whose only attempt that is known was the worker's own. */
async function readLocalStep(
  name: StepName,
  events: readonly HistoryEvent[],
  converter: LoadedDataConverter,
): Promise<PastPart> {
  const attempt = localAttempts(events).find(({ activityType }) => activityType === activityOf(name));
  if (attempt === undefined) return { step: { step: name, state: 'pending', attempts: 0 }, ids: {} };
  const { endedAt, result, failure } = attempt;
  const known = { step: name, attempts: 1, startedAt: endedAt, endedAt };
  if (failure === undefined) {
    const reported = await decodeFromPayloadsAtIndex<{ value?: Ids }>(converter, 0, [...result]);
    return { step: { ...known, state: 'done' }, ids: reported.value ?? {} };
  }
  const error = await decodeOptionalFailureToOptionalError(converter, failure);
  const state = outcomeOf(error) === 'not_done' ? 'failed' : 'unknown';
  return { step: { ...known, state, error: textOf(error) }, ids: {} };
}

/**
 * Steps whose first attempt is local may have been done, one after the other, in a workflow task of which the history
 * knows nothing: then nobody knows whether they were.
 */
function withLost(
  plans: readonly OrderStep[],
  parts: readonly PastPart[],
  policies: SagaPolicies,
): readonly PastPart[] {
  let mayHaveBegun = true;
  return parts.map((part, index): PastPart => {
    const plan = plans[index];
    const isPending = part.step.state === 'pending';
    const local = plan !== undefined && !('phase' in plan) && isLocal(policyOf(policies, 'step', plan.name));
    mayHaveBegun &&= part.step.state === 'done' || (isPending && local);
    if (!isPending || !mayHaveBegun) return part;
    return { ...part, step: { ...part.step, state: 'unknown', attempts: 1, error: NO_OUTCOME } };
  });
}

function localAttempts(events: readonly HistoryEvent[]): LocalAttempt[] {
  return events.flatMap((event) => localAttemptOf(event) ?? []);
}

function textOf(error: Error | undefined): string {
  return failureText(error instanceof ApplicationFailure ? error : (error?.cause ?? error)).message;
}

const NO_OUTCOME = 'The workflow ended before the outcome was known';

/** What an operator has given up stays given up: it was settled by other means. */
async function withSkips(
  steps: readonly AbandonedStep[],
  events: readonly HistoryEvent[],
  converter: LoadedDataConverter,
): Promise<AbandonedStep[]> {
  const skipped = new Map<string, AbandonedStep['skipped']>();
  for (const { workflowExecutionUpdateAcceptedEventAttributes: update } of events) {
    const { name, args } = update?.acceptedRequest?.input ?? {};
    if (name !== skipCompensationUpdate.name) continue;
    const [request] = await decodeArrayFromPayloads(converter, args?.payloads);
    const { step, by, reason } = request as SkipCompensationRequest;
    skipped.set(step, { by, reason });
  }
  return steps.map((step) => {
    const plan = ALL_STEPS.find(({ name }) => name === step.step);
    const skip = skipped.get(plan?.compensation.name ?? '');
    return skip === undefined ? step : { ...step, skipped: skip };
  });
}

/** From the first compensation, or the wish for one, there is no way but back. */
function isUndoing(plans: readonly OrderStep[], events: readonly HistoryEvent[]): boolean {
  const local = new Set(localAttempts(events).map(({ activityType }) => activityType));
  if (plans.some(({ compensation }) => local.has(activityOf(compensation.name)))) return true;
  return events.some(
    (event) =>
      event.workflowExecutionSignaledEventAttributes?.signalName === cancelOrderSignal.name ||
      event.workflowExecutionCancelRequestedEventAttributes != null ||
      plans.some(({ compensation }) => isOf(event.activityTaskScheduledEventAttributes, compensation.name)),
  );
}

function isOf(scheduled: ActivityScheduled | null | undefined, name: string): boolean {
  return scheduled?.activityType?.name === activityOf(name);
}

/** `createOrder` for `create_order`: activities are called as the steps and compensations that they carry out. */
function activityOf(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function timeOf({ eventTime }: HistoryEvent): string {
  const ms = Number(eventTime?.seconds ?? 0) * 1000 + Math.floor((eventTime?.nanos ?? 0) / 1_000_000);
  return new Date(ms).toISOString();
}
