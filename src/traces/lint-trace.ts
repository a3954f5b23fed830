import type { StoredSpan } from '../telemetry/stored-span';
import { attemptBreaches } from './lint/attempts';
import { attributeBreaches } from './lint/attributes';
import type { TraceBreach } from './lint/breach';
import { eventBreaches } from './lint/events';
import { kindBreaches } from './lint/kinds';
import { linkBreaches } from './lint/links';
import { orderTrace } from './lint/order-trace';
import { presenceBreaches } from './lint/presence';
import { runningBreaches } from './lint/running';
import { statusBreaches } from './lint/statuses';
import { tccBreaches } from './lint/tcc';
import { timingBreaches } from './lint/timing';
import type { TracedOrder } from './lint/traced-order';
import { treeBreaches } from './lint/tree';
import { orderSpans } from './order-spans';

/**
 * Checks a trace against what an order's trace promises (docs/tracing.md): whole for an order that is over, as far
 * as it has come for one that is not.
 *
 * @param spans of the trace; those of other orders that a caller put into the same trace are left aside.
 * @param order as it was when the spans were read: what happens in between looks like a breach.
 * @returns every breach; none for a good trace.
 */
export function lintTrace(spans: readonly StoredSpan[], order: TracedOrder): TraceBreach[] {
  const trace = orderTrace(orderSpans(spans, order), order);
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
  ].flatMap((breachesOf) => breachesOf(trace));
}
