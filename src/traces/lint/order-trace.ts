import { STEPS_OF } from '../../domain/steps';
import type { OrderStep } from '../../domain/steps';
import { SPAN_NAMES, TCC_SPAN_NAMES } from '../../saga/semconv';
import type { TccPhase } from '../../saga/semconv';
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
  /** Of the run that this one has succeeded, in the same trace. */
  readonly before?: OrderTrace;
  readonly sagas: readonly StoredSpan[];
  /** The saga's span; undefined when it is lost. */
  readonly saga: StoredSpan | undefined;
  readonly runs: readonly StoredSpan[];
  /** What the order's steps are, by its kind of transaction. */
  readonly plans: readonly OrderStep[];
  /** Of the steps that have spans of their own: the parts of a TCC transaction have none. */
  readonly steps: readonly WorkSpan[];
  /** Every round of every compensation that has spans of its own. */
  readonly compensations: readonly WorkSpan[];
  readonly tccs: readonly StoredSpan[];
  /** Of a TCC transaction; of Cancel, every round. */
  readonly phases: Readonly<Record<TccPhase, readonly StoredSpan[]>>;
  readonly parentOf: (span: StoredSpan) => StoredSpan | undefined;
  readonly childrenOf: (span: StoredSpan) => readonly StoredSpan[];
}

/** Where the contract names a span, the name decides what it is: its attributes are what is to be checked. */
export function orderTrace(
  spans: readonly StoredSpan[],
  order: TracedOrder,
  before?: OrderTrace,
): OrderTrace {
  const sorted = [...spans].sort((a, b) => compareNano(a.startTimeUnixNano, b.startTimeUnixNano));
  const byId = new Map(sorted.map((span) => [span.spanId, span]));
  const sagas = sorted.filter(({ name, attributes }) => isSaga(name) || ATTR.sagaType in attributes);
  const plans = STEPS_OF[order.transaction];
  const named = (name: string) => sorted.filter((span) => span.name === name);
  return {
    order,
    ...(before !== undefined && { before }),
    plans,
    spans: sorted,
    sagas,
    saga: sagas[0],
    runs: sorted.filter(({ name }) => name.startsWith('RunWorkflow:')),
    steps: workSpans(sorted, plans.filter(hasSpan), (plan) => SPAN_NAMES.step(plan.title)),
    compensations: workSpans(sorted, plans, (plan) => SPAN_NAMES.compensation(plan.compensation.title)),
    tccs: named(TCC_SPAN_NAMES.transaction),
    phases: {
      try: named(TCC_SPAN_NAMES.try),
      confirm: named(TCC_SPAN_NAMES.confirm),
      cancel: named(TCC_SPAN_NAMES.cancel),
    },
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

/** False for the parts of a TCC transaction. */
export function hasSpan(plan: OrderStep): boolean {
  return phaseOf(plan) === undefined;
}

export function phaseOf(plan: OrderStep): 'try' | 'confirm' | undefined {
  return 'phase' in plan ? plan.phase : undefined;
}

function workSpans(
  spans: readonly StoredSpan[],
  plans: readonly OrderStep[],
  nameOf: (plan: OrderStep) => string,
): WorkSpan[] {
  return spans.flatMap((span) => {
    const plan = plans.find((candidate) => nameOf(candidate) === span.name);
    return plan === undefined ? [] : [{ plan, span }];
  });
}
