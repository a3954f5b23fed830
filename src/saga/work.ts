import { workflowInfo } from '@temporalio/workflow';
import { activitiesUnder } from './activities';
import type { Compensation } from './compensations';
import { attemptsOf, failureText, outcomeOf } from './outcome';
import { policyOf } from './policy';
import type { Measurements } from './measurements';
import type { SagaPolicies, StepPolicy } from './policy';
import type { Reported, Reporting } from './report';
import { begin, end, now } from './state';
import type { PastStep, StepRecord } from './state';
import type { ActionCall, StepPlan, Undo } from './step';

/** Calls of one saga's effects under their keys and policies, and the record of what became of each. */
export class SagaWork<Activities> {
  readonly #policies: SagaPolicies;
  readonly #measurements: Measurements;
  readonly #begun = new Map<StepRecord, number>();
  readonly #proxies = new Map<string, Reporting<Activities>>();

  /** Every planned step, in order. */
  readonly records: readonly StepRecord[];
  /** Another run has begun it; that one counted how. */
  adopted = false;
  /** The step that failed last. */
  failedStep: StepPlan | undefined;
  /** When the state last changed, ISO 8601. */
  updatedAt = now();

  constructor(plan: readonly StepPlan[], policies: SagaPolicies, measurements: Measurements) {
    this.#policies = policies;
    this.#measurements = measurements;
    this.records = plan.map(({ name, number }) => ({ step: name, number, state: 'pending', attempts: 0 }));
  }

  policyOf({ name }: StepPlan): StepPolicy {
    return policyOf(this.#policies, 'step', name);
  }

  /** What the step's action gets to call with. */
  call({ name }: StepPlan, policy: StepPolicy): ActionCall<Activities> {
    return { activities: this.#activities(policy), key: keyOf(name) };
  }

  /** Notes what is known of a step that another run had begun. */
  adopt(plan: StepPlan, past: PastStep): void {
    Object.assign(this.#record(plan), past);
    this.adopted = true;
    this.changed();
  }

  /** Notes that the step runs. */
  begin(plan: StepPlan): StepRecord {
    const record = this.#record(plan);
    begin(record);
    this.#begun.set(record, Date.now());
    this.changed();
    return record;
  }

  done(record: StepRecord, attempts: number): void {
    end(record, 'done', attempts);
    this.#measure(record);
    this.changed();
  }

  /** Notes what a failed step has left behind, and says it. */
  failed(plan: StepPlan, error: unknown, { maxAttempts }: StepPolicy): 'not_done' | 'unknown' {
    const outcome = outcomeOf(error);
    const state = outcome === 'not_done' ? 'failed' : 'unknown';
    this.failedStep = plan;
    const record = this.#record(plan);
    end(record, state, attemptsOf(error, maxAttempts), failureText(error).message);
    this.#measure(record);
    this.changed();
    return outcome;
  }

  /**
   * What undoes the step, as the stack takes it.
   *
   * @param compensates key of the effect to undo.
   * @param traced runs the call inside its span.
   */
  compensation(
    plan: StepPlan,
    compensates: string,
    compensate: Undo<Activities>,
    traced: (run: () => Promise<Reported<unknown>>) => Promise<Reported<unknown>>,
  ): Compensation {
    const name = plan.compensation?.name ?? `undo_${plan.name}`;
    const policy = policyOf(this.#policies, 'compensation', name);
    return {
      record: { step: name, undoes: plan.name, state: 'pending', attempts: 0 },
      maxAttempts: policy.maxAttempts,
      run: () =>
        traced(() => compensate({ activities: this.#activities(policy), key: keyOf(name), compensates })),
    };
  }

  /** Nothing that is still pending will run. */
  skipPending(): void {
    for (const record of this.records) if (record.state === 'pending') record.state = 'skipped';
  }

  changed(): void {
    this.updatedAt = now();
  }

  #measure(record: StepRecord): void {
    const { step, state } = record;
    this.#measurements.part('action', step, state, this.#begun.get(record) ?? Date.now());
  }

  /** One proxy per distinct policy. */
  #activities(policy: StepPolicy): Reporting<Activities> {
    const id = JSON.stringify(policy);
    let proxy = this.#proxies.get(id);
    if (proxy === undefined) this.#proxies.set(id, (proxy = activitiesUnder<Activities>(policy)));
    return proxy;
  }

  #record(plan: StepPlan): StepRecord {
    const record = this.records.find(({ step }) => step === plan.name);
    if (record === undefined) throw new Error(`The step ${plan.name} is not in the saga's plan`);
    return record;
  }
}

/** The idempotency key of an effect: the same for every attempt, replay and run of it. */
export function keyOf(name: string): string {
  return `${workflowInfo().workflowId}/${name}`;
}
