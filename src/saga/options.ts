import type { CompensationOrder } from './compensations';
import type { SagaPolicies } from './policy';
import type { SagaPhase } from './state';
import type { SpanAttributes, StepPlan, Undo } from './step';

/** How a saga is set up. */
export interface SagaOptions<Activities> {
  /** For people and the span's name: `Create Order`. */
  readonly title: string;
  /** All steps in order, so that those to come are visible. */
  readonly plan: readonly StepPlan[];
  readonly policies: SagaPolicies;
  /** How compensations run. @default 'reverse' */
  readonly compensationOrder?: CompensationOrder;
  /**
   * What undoes a step that this run has not come to, by name of the step. A local step (`StepPolicy.firstAttempt`) may have
   * been done all the same, by a worker that died before it could say so; wanted of each that follows another one.
   */
  readonly undoOf?: (step: string) => Undo<Activities> | undefined;
  /**
   * Whether a saga with a failed compensation waits for an operator (`Saga.retry`, `Saga.skip`)
   * instead of ending. @default true
   */
  readonly park?: boolean;
  /** Attributes of the saga's span alone. */
  readonly attributes?: SpanAttributes;
  /** Attributes of every span of the saga. */
  readonly commonAttributes?: SpanAttributes;
  /** Called on every change of phase. */
  readonly onPhase?: (phase: SagaPhase) => void;
}
