/** Names that the saga kit writes on spans: attributes first, then span and event names. */
export const SAGA_ATTRIBUTES = {
  type: 'saga.type',
  id: 'saga.id',
  /** The status description: OpenTelemetry drops it when the status is OK. */
  result: 'saga.result',
  step: 'saga.step',
  stepNumber: 'saga.step.number',
  stepType: 'saga.step.type',
} as const;

/** `saga.type`: one workflow tells every participant what to do (Garcia-Molina & Salem 1987; Richardson). */
export const ORCHESTRATION = 'orchestration';

export const SPAN_NAMES = {
  saga: (title: string) => `Saga: ${title}`,
  step: (title: string) => `Step: ${title}`,
  compensation: (title: string) => `Compensation: ${title}`,
} as const;

export const EVENT_NAMES = {
  compensationFailed: 'Compensation failed',
  compensationSkipped: 'Compensation skipped',
} as const;

/** Stable OpenTelemetry attributes that the kit uses (semantic-conventions 1.45). */
export const ERROR_TYPE = 'error.type';
export const EXCEPTION_EVENT = 'exception';
export const EXCEPTION_TYPE = 'exception.type';
export const EXCEPTION_MESSAGE = 'exception.message';
