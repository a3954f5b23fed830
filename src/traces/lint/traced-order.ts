import { isFinal } from '../../domain/order';
import type { OrderView } from '../../domain/order';
import { ATTR } from '../../telemetry/semconv';
import type { StoredSpan } from '../../telemetry/stored-span';

/** How a workflow can end without ending its order; see `Interruption` of `src/orders/errors.ts`. */
type Interruption = 'terminated' | 'timed_out' | 'failed' | 'cancelled';

type Known = 'orderId' | 'workflowId' | 'runId' | 'transaction' | 'status' | 'customerId';
type Detail = 'amount' | 'items' | 'failure' | 'steps' | 'compensations' | 'settlement';

/**
 * What a trace is held against: an `OrderView`, or as much of it as is known. An order whose workflow was ended
 * from outside has no view but an `OrderSummary`; what it does not say is not checked.
 */
export interface TracedOrder extends Pick<OrderView, Known>, Partial<Pick<OrderView, Detail>> {
  /** The workflow was ended from outside: its open spans were closed with `workflow_<this>`. */
  readonly interrupted?: Interruption;
}

/**
 * The order as the guardian's run shows it: its steps are no steps of that run, which only undoes them. Any other order
 * as it is.
 */
export function asRun({ steps, ...order }: TracedOrder): TracedOrder {
  return order.settlement === undefined && steps !== undefined ? { ...order, steps } : order;
}

/** The order as the run that the guardian has succeeded had left it; undefined where there is none. */
export function asInterrupted(order: TracedOrder): TracedOrder | undefined {
  const { settlement, steps: _, compensations: __, failure: ___, ...known } = order;
  if (settlement?.runId === undefined || settlement.abandoned === 'lost') return undefined;
  return { ...known, status: 'running', runId: settlement.runId, interrupted: settlement.abandoned };
}

/** True while spans of the order may still be running. */
export function isOpen({ status, interrupted }: TracedOrder): boolean {
  return interrupted === undefined && !isFinal(status);
}

/** `error.type` of the spans that an interruption cut short. */
export function interruptionType({ interrupted }: TracedOrder): string | undefined {
  return interrupted === undefined ? undefined : `workflow_${interrupted}`;
}

/** Whether the span ended only because the workflow was. */
export function wasInterrupted({ attributes }: StoredSpan, order: TracedOrder): boolean {
  const type = interruptionType(order);
  return type !== undefined && attributes[ATTR.errorType] === type;
}
