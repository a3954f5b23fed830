import { SAGA_ATTRIBUTES } from '../saga/semconv';
import { ATTR } from './semconv';

/**
 * Every metric of the product, once, by its OpenTelemetry name; Prometheus has `_` for `.` and the unit behind it. None
 * has a label that is an id.
 */
export const METRICS = {
  sagaDuration: 'saga.duration',
  sagaCompleted: 'saga.completed',
  sagaCompensated: 'saga.compensated',
  sagaStepDuration: 'saga.step.duration',
  sagaCompensation: 'saga.compensation',
  tccDuration: 'tcc.duration',
  tccCompleted: 'tcc.completed',
  tccPhaseDuration: 'tcc.phase.duration',
  ordersNeedAttention: 'orders.needs_attention',
  ordersByStatus: 'orders.by_status',
  holdsExpiredOpen: 'holds.expired_open',
  spansLost: 'telemetry.spans.lost',
  httpServerDuration: 'http.server.request.duration',
} as const;

/** Their labels. */
export const LABELS = {
  sagaName: 'saga.name',
  sagaOutcome: 'saga.outcome',
  sagaStep: SAGA_ATTRIBUTES.step,
  sagaStepType: SAGA_ATTRIBUTES.stepType,
  tccName: 'tcc.name',
  tccOutcome: 'tcc.outcome',
  tccPhase: ATTR.tccPhase,
  orderStatus: ATTR.orderStatus,
  service: 'service',
  httpRequestMethod: ATTR.httpRequestMethod,
  httpRoute: ATTR.httpRoute,
  httpResponseStatusCode: ATTR.httpResponseStatusCode,
} as const;
