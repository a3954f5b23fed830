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
