/**
 * Where a saga stands. `parked`: a compensation could not be finished and an operator must decide. `failed`
 * and `cancelled`: everything is undone, or what could not be was settled by an operator.
 */
export type SagaPhase = 'running' | 'compensating' | 'parked' | 'completed' | 'failed' | 'cancelled';

export type StepState = 'pending' | 'running' | 'done' | 'failed' | 'unknown' | 'skipped';
export type CompensationState = 'pending' | 'running' | 'done' | 'failed' | 'skipped';

interface Progress {
  attempts: number;
  /** ISO 8601, of the workflow task. */
  startedAt?: string;
  endedAt?: string;
  error?: string;
}

export interface StepRecord extends Progress {
  readonly step: string;
  readonly number: number;
  state: StepState;
}

/** What is known of a step that another run had begun, or never came to (`pending`). */
export type PastStep = Pick<StepRecord, 'state' | 'attempts' | 'startedAt' | 'endedAt' | 'error'>;

export interface CompensationRecord extends Progress {
  readonly step: string;
  readonly undoes: string;
  state: CompensationState;
  /** Who gave it up and why: only of a `skipped` one. */
  skippedBy?: string;
  reason?: string;
}

/** Marks the beginning of (another round of) work. */
export function begin(record: StepRecord | CompensationRecord): void {
  record.state = 'running';
  record.startedAt ??= now();
  delete record.endedAt;
  delete record.error;
}

/** Marks the end. Rounds add up: a compensation that an operator had tried again counts all its attempts. */
export function end<R extends StepRecord | CompensationRecord>(
  record: R,
  state: R['state'],
  attempts: number,
  error?: string,
): void {
  record.state = state;
  record.attempts += attempts;
  record.endedAt = now();
  if (error !== undefined) record.error = error;
}

/** Deterministic in a workflow: the time of the workflow task. */
export function now(): string {
  return new Date().toISOString();
}
