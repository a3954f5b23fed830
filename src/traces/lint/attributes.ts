import type { AttributeValue } from '@opentelemetry/api';
import { toMajorUnits } from '../../domain/money';
import type { OrderStep } from '../../domain/steps';
import { ORCHESTRATION } from '../../saga/semconv';
import type { TccPhase } from '../../saga/semconv';
import { ATTR } from '../../telemetry/semconv';
import type { StoredSpan } from '../../telemetry/stored-span';
import { breach, shown } from './breach';
import type { TraceBreach } from './breach';
import type { OrderTrace } from './order-trace';
import type { TracedOrder } from './traced-order';

const GATEWAY_SPAN = 'POST /orders';
const PHASES = ['try', 'confirm', 'cancel'] as const;

/** Attributes that must be there; `undefined` where nobody knows the value. */
type Promised = Readonly<Record<string, AttributeValue | undefined>>;

/** The contract's attributes are on the business's spans, with the order's values; every ERROR says its type. */
export function attributeBreaches(trace: OrderTrace): TraceBreach[] {
  const { order, spans, sagas, steps, compensations } = trace;
  return [
    ...sagas.flatMap((span) => unlike(span, ofSaga(order))),
    ...steps.flatMap(({ plan, span }) => unlike(span, ofStep(plan, order))),
    ...compensations.flatMap(({ plan, span }) => unlike(span, ofCompensation(plan, order))),
    ...trace.runs.flatMap((span) => unlike(span, ofWorkflow(order))),
    ...trace.runs.flatMap((run) => answersAbove(run, trace)).flatMap((span) => unlike(span, ofAnswer(order))),
    ...trace.tccs.flatMap((span) => unlike(span, ofPhase(lastPhase(trace), order))),
    ...PHASES.flatMap((phase) => trace.phases[phase].flatMap((span) => unlike(span, ofPhase(phase, order)))),
    ...spans.filter(({ status }) => status.code === 'ERROR').flatMap((span) => withoutType(span)),
  ];
}

/** The gateway's requests that the order's start is part of, as far as they were answered with what became of it. */
function answersAbove(run: StoredSpan, { parentOf }: OrderTrace): StoredSpan[] {
  const above = new Set<StoredSpan>();
  for (let span = parentOf(run); span !== undefined && !above.has(span); span = parentOf(span))
    above.add(span);
  return [...above].filter(({ name, kind, attributes }) => {
    const status = attributes[ATTR.httpResponseStatusCode];
    return name === GATEWAY_SPAN && kind === 'SERVER' && typeof status === 'number' && status < 500;
  });
}

/** The status is that of the moment of the answer. */
function ofAnswer({ orderId, amount }: TracedOrder): Promised {
  return {
    [ATTR.orderId]: orderId,
    [ATTR.orderAmount]: amount === undefined ? undefined : toMajorUnits(amount),
    [ATTR.orderStatus]: undefined,
  };
}

function ofSaga(order: TracedOrder): Promised {
  return {
    [ATTR.sagaType]: ORCHESTRATION,
    ...common(order),
    [ATTR.customerId]: order.customerId,
    [ATTR.itemsCount]: order.items?.length,
  };
}

function ofStep(plan: OrderStep, order: TracedOrder): Promised {
  const { amount } = order;
  return {
    ...work(plan.name, plan, 'action', order),
    ...(plan.name === 'reserve_inventory' && { [ATTR.itemsCount]: order.items?.length }),
    ...(plan.name === 'process_payment' && {
      [ATTR.paymentAmount]: amount === undefined ? undefined : toMajorUnits(amount),
      [ATTR.paymentCurrency]: amount?.currency,
    }),
  };
}

function ofCompensation(plan: OrderStep, order: TracedOrder): Promised {
  return work(plan.compensation.name, plan, 'compensation', order);
}

/** Of a phase of a TCC transaction, or of the transaction itself by the last phase that it has reached. */
function ofPhase(phase: TccPhase | undefined, { orderId, runId }: TracedOrder): Promised {
  return { [ATTR.tccPhase]: phase, [ATTR.tccId]: runId, [ATTR.orderId]: orderId };
}

function lastPhase({ phases }: OrderTrace): TccPhase | undefined {
  return PHASES.findLast((phase) => phases[phase].length > 0);
}

function ofWorkflow({ workflowId, runId }: TracedOrder): Promised {
  return { [ATTR.temporalWorkflowId]: workflowId, [ATTR.temporalRunId]: runId };
}

function work(
  name: string,
  { number }: OrderStep,
  type: 'action' | 'compensation',
  order: TracedOrder,
): Promised {
  return {
    [ATTR.sagaStep]: name,
    [ATTR.sagaStepNumber]: number,
    [ATTR.sagaStepType]: type,
    ...common(order),
  };
}

function common({ orderId, runId }: TracedOrder): Promised {
  return { [ATTR.sagaId]: runId, [ATTR.orderId]: orderId };
}

function unlike(span: StoredSpan, promised: Promised): TraceBreach[] {
  return Object.entries(promised).flatMap(([name, value]) => {
    const found = span.attributes[name];
    if (found !== undefined && (value === undefined || found === value)) return [];
    const wanted = value === undefined ? 'a value' : shown(value);
    return [breach('attributes', span, `${name} = ${shown(found)}`, wanted)];
  });
}

function withoutType(span: StoredSpan): TraceBreach[] {
  const type = span.attributes[ATTR.errorType];
  if (typeof type === 'string' && type !== '') return [];
  return [breach('attributes', span, `an ERROR without ${ATTR.errorType}`, 'one that says its type')];
}
