/**
 * How long one step or compensation may take and how often it is tried. Policies travel in the workflow's
 * input, so that history and replay agree whatever the configuration says by then.
 */
export interface StepPolicy {
  /** Longest time of one attempt, ms. */
  readonly timeoutMs: number;
  /** Attempts before the outcome counts as unknown (a step) or the saga parks (a compensation). */
  readonly maxAttempts: number;
  /** Pause after the first failed attempt, ms. */
  readonly backoffInitialMs: number;
  /** Longest pause between attempts, ms. */
  readonly backoffMaxMs: number;
  /** Growth of the pause from one attempt to the next. */
  readonly backoffCoefficient: number;
  /**
   * What carries out the first attempt. `local`: the worker that has the workflow task, as a local activity, which costs
   * one event of the history and no round trip to the server. Whatever comes after a first attempt that failed is an
   * ordinary activity's, so that an outage holds up no worker. Parts of a TCC transaction are always `remote`.
   *
   * A worker that dies takes the record of its local attempts with it; whoever runs the task again does them again, under
   * the same keys. Therefore a saga with local steps is cancelled between them and not before: see `Saga.cancel`. Not for
   * what takes seconds: the workflow hears and answers nothing meanwhile. @default 'remote'
   */
  readonly firstAttempt?: 'local' | 'remote';
}

/** The policies of one saga: two defaults and what single steps or compensations have of their own. */
export interface SagaPolicies {
  readonly step: StepPolicy;
  readonly compensation: StepPolicy;
  /** By name of step or compensation. */
  readonly overrides?: Readonly<Record<string, Partial<StepPolicy>>>;
}

/** The policy of the step or compensation called `name`. */
export function policyOf(policies: SagaPolicies, type: 'step' | 'compensation', name: string): StepPolicy {
  return { ...policies[type], ...policies.overrides?.[name] };
}

/** What is tried until its outcome is known: the pivot and whatever follows it. */
export function untilKnown(policy: StepPolicy): StepPolicy {
  return { ...policy, maxAttempts: Number.POSITIVE_INFINITY };
}

/** Whether the worker that has the workflow task does it first. */
export function isLocal({ firstAttempt }: StepPolicy): boolean {
  return firstAttempt === 'local';
}

/** Every attempt is an ordinary activity's. */
export function remote(policy: StepPolicy): StepPolicy {
  return { ...policy, firstAttempt: 'remote' };
}
