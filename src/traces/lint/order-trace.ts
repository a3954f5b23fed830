import { ORDER_STEPS } from '../../domain/steps';
import type { OrderStep } from '../../domain/steps';
import { SPAN_NAMES } from '../../saga/semconv';
import { ATTR } from '../../telemetry/semconv';
import type { StoredSpan } from '../../telemetry/stored-span';
import type { TracedOrder } from './traced-order';

/** A step's or compensation's span with what it stands for. */
export interface WorkSpan {
  readonly plan: OrderStep;
  readonly span: StoredSpan;
}

/** The spans of one order by start, sorted by what they stand for; what is there twice is there twice here too. */
export interface OrderTrace {
  readonly order: TracedOrder;
  readonly spans: readonly StoredSpan[];
  readonly sagas: readonly StoredSpan[];
  /** The saga's span; undefined when it is lost. */
  readonly saga: StoredSpan | undefined;
  readonly runs: readonly StoredSpan[];
  readonly steps: readonly WorkSpan[];
  /** Every round of every compensation. */
  readonly compensations: readonly WorkSpan[];
  readonly parentOf: (span: StoredSpan) => StoredSpan | undefined;
  readonly childrenOf: (span: StoredSpan) => readonly StoredSpan[];
}

/** Where the contract names a span, the name decides what it is: its attributes are what is to be checked. */
export function orderTrace(spans: readonly StoredSpan[], order: TracedOrder): OrderTrace {
  const sorted = [...spans].sort((a, b) => compareNano(a.startTimeUnixNano, b.startTimeUnixNano));
  const byId = new Map(sorted.map((span) => [span.spanId, span]));
  const sagas = sorted.filter(({ name, attributes }) => isSaga(name) || ATTR.sagaType in attributes);
  return {
    order,
    spans: sorted,
    sagas,
    saga: sagas[0],
    runs: sorted.filter(({ name }) => name.startsWith('RunWorkflow:')),
    steps: workSpans(sorted, (plan) => SPAN_NAMES.step(plan.title)),
    compensations: workSpans(sorted, (plan) => SPAN_NAMES.compensation(plan.compensation.title)),
    parentOf: ({ parentSpanId }) => (parentSpanId === undefined ? undefined : byId.get(parentSpanId)),
    childrenOf: ({ spanId }) => sorted.filter(({ parentSpanId }) => parentSpanId === spanId),
  };
}

/** Like a comparator of `sort`, for decimal nanoseconds. */
export function compareNano(a: string, b: string): number {
  const difference = BigInt(a) - BigInt(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The rounds of one compensation by start: the first, and one for each time that an operator had it tried again. */
export function roundsOf({ compensations }: OrderTrace, step: string): StoredSpan[] {
  return compensations.filter(({ plan }) => plan.compensation.name === step).map(({ span }) => span);
}

function isSaga(name: string): boolean {
  return name.startsWith(SPAN_NAMES.saga(''));
}

function workSpans(spans: readonly StoredSpan[], nameOf: (plan: OrderStep) => string): WorkSpan[] {
  return spans.flatMap((span) => {
    const plan = ORDER_STEPS.find((candidate) => nameOf(candidate) === span.name);
    return plan === undefined ? [] : [{ plan, span }];
  });
}
