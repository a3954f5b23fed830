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

export const TCC_ATTRIBUTES = {
  id: 'tcc.id',
  /** On the transaction's span: the last phase that it has reached. */
  phase: 'tcc.phase',
  /** As {@link SAGA_ATTRIBUTES.result}. */
  result: 'tcc.result',
} as const;

export type TccPhase = 'try' | 'confirm' | 'cancel';

export const TCC_SPAN_NAMES = {
  transaction: 'TCC Transaction',
  try: 'TCC Phase: Try',
  confirm: 'TCC Phase: Confirm',
  cancel: 'TCC Phase: Cancel',
} as const;

/** How a TCC transaction ends, by the phase that decided it; on its span, as its status and `tcc.result`. */
export const TCC_RESULTS = {
  completed: 'TCC completed successfully',
  try: 'TCC failed at try phase',
  confirm: 'TCC failed at confirm phase',
} as const;

/** Events of the transaction's span. */
export const TCC_EVENT_NAMES = {
  try: { succeeded: 'Try phase succeeded', failed: 'Try phase failed, executing cancel' },
  confirm: { succeeded: 'Confirm phase succeeded', failed: 'Confirm phase failed, executing cancel' },
} as const;

/** Stable OpenTelemetry attributes that the kit uses (semantic-conventions 1.45). */
export const ERROR_TYPE = 'error.type';
export const EXCEPTION_EVENT = 'exception';
export const EXCEPTION_TYPE = 'exception.type';
export const EXCEPTION_MESSAGE = 'exception.message';
