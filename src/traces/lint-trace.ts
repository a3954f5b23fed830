import type { StoredSpan } from '../telemetry/stored-span';
import { attemptBreaches } from './lint/attempts';
import { attributeBreaches } from './lint/attributes';
import type { TraceBreach } from './lint/breach';
import { eventBreaches } from './lint/events';
import { kindBreaches } from './lint/kinds';
import { linkBreaches } from './lint/links';
import { orderTrace } from './lint/order-trace';
import type { OrderTrace } from './lint/order-trace';
import { presenceBreaches } from './lint/presence';
import { runningBreaches } from './lint/running';
import { statusBreaches } from './lint/statuses';
import { tccBreaches } from './lint/tcc';
import { timingBreaches } from './lint/timing';
import { asInterrupted, asRun } from './lint/traced-order';
import type { TracedOrder } from './lint/traced-order';
import { treeBreaches } from './lint/tree';
import { orderSpans } from './order-spans';
import { runSpans } from './run-spans';

/**
 * Checks a trace against what an order's trace promises (docs/tracing.md): whole for an order that is over, as far
 * as it has come for one that is not. Of one that the guardian took over, both runs are checked.
 *
 * @param spans of the trace; those of other orders that a caller put into the same trace are left aside.
 * @param order as it was when the spans were read: what happens in between looks like a breach.
 * @returns every breach; none for a good trace.
 */
export function lintTrace(spans: readonly StoredSpan[], order: TracedOrder): TraceBreach[] {
  const own = orderSpans(spans, order);
  const interrupted = asInterrupted(order);
  const before =
    interrupted === undefined ? undefined : orderTrace(runSpans(own, interrupted.runId), interrupted);
  const hasRuns = order.interrupted !== undefined || order.settlement !== undefined;
  const trace = orderTrace(hasRuns ? runSpans(own, order.runId) : own, asRun(order), before);
  const breaches = [...(before === undefined ? [] : breachesOf(before)), ...breachesOf(trace)];
  // What both runs are below is looked at with each of them.
  const details = breaches.map(({ detail }) => detail);
  return breaches.filter(({ detail }, index) => details.indexOf(detail) === index);
}

function breachesOf(trace: OrderTrace): TraceBreach[] {
  return [
    treeBreaches,
    presenceBreaches,
    linkBreaches,
    attributeBreaches,
    kindBreaches,
    attemptBreaches,
    timingBreaches,
    eventBreaches,
    statusBreaches,
    runningBreaches,
    tccBreaches,
  ].flatMap((rule) => rule(trace));
}
