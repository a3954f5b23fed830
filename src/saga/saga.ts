import type { SpanContext } from '@opentelemetry/api';
import { CancelledFailure, TemporalFailure } from '@temporalio/common';
import { CancellationScope, condition, isCancellation, workflowInfo } from '@temporalio/workflow';
import { activitiesUnder } from './activities';
import { CompensationStack } from './compensations';
import type { Compensation, CompensationOrder } from './compensations';
import { SagaFailure } from './errors';
import type { SagaFailureReason } from './errors';
import { attemptsOf, failureText, outcomeOf } from './outcome';
import { policyOf, untilKnown } from './policy';
import type { SagaPolicies, StepPolicy } from './policy';
import type { Reporting } from './report';
import { EVENT_NAMES, SAGA_ATTRIBUTES } from './semconv';
import { begin, end, now } from './state';
import type { CompensationRecord, SagaPhase, StepRecord } from './state';
import type { SpanAttributes, StepPlan, StepWork } from './step';
import { SagaTracing } from './tracing';

export interface SagaOptions {
  /** For people and the span's name: `Create Order`. */
  readonly title: string;
  /** All steps in order, so that those to come are visible. */
  readonly plan: readonly StepPlan[];
  readonly policies: SagaPolicies;
  /** How compensations run. @default 'reverse' */
  readonly compensationOrder?: CompensationOrder;
  /**
   * Whether a saga with a failed compensation waits for an operator ({@link Saga.retry}, {@link Saga.skip})
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

/**
 * A saga: either every step is done, or every step that was done, or may have been, is undone.
 *
 * Compensations are pushed before their action runs; only a final refusal takes one off again. They run in
 * reverse, shielded from cancellation, all of them even when some fail, and no failure is lost. Keys are
 * `<workflow id>/<name>`. See Garcia-Molina and Salem, "Sagas", 1987.
 *
 * A failure that is not Temporal's (a bug in workflow code) compensates nothing: it fails the workflow task,
 * and the saga goes on when the code is mended.
 */
export class Saga<Activities> {
  readonly #options: SagaOptions;
  readonly #steps: readonly StepRecord[];
  readonly #stack = new CompensationStack();
  readonly #tracing: SagaTracing;
  readonly #proxies = new Map<string, Reporting<Activities>>();
  #scope: CancellationScope | undefined;
  #phase: SagaPhase = 'running';
  #failedStep: StepPlan | undefined;
  #failure: SagaFailureReason | undefined;
  #cancelRequested = false;
  #pivoted = false;

  /** When the state last changed, ISO 8601. */
  updatedAt = now();

  constructor(options: SagaOptions) {
    this.#options = options;
    this.#steps = options.plan.map(({ name, number }) => ({
      step: name,
      number,
      state: 'pending',
      attempts: 0,
    }));
    const { runId } = workflowInfo();
    this.#tracing = new SagaTracing(
      options.title,
      runId,
      options.commonAttributes ?? {},
      options.attributes ?? {},
    );
  }

  get phase(): SagaPhase {
    return this.#phase;
  }

  /** Every planned step, in order. */
  get steps(): readonly StepRecord[] {
    return this.#steps;
  }

  /** In the order they run in; empty until the saga compensates. */
  get compensations(): readonly CompensationRecord[] {
    return this.#phase === 'running' || this.#phase === 'completed' ? [] : this.#stack.records;
  }

  /** Compensations that have failed and wait for {@link retry} or {@link skip}. */
  get unsettled(): readonly CompensationRecord[] {
    return this.#stack.inState('failed');
  }

  /** Why it is being undone, from the moment that begins. */
  get failure(): SagaFailureReason | undefined {
    return this.#failure;
  }

  get traceId(): string {
    return this.#tracing.traceId;
  }

  /**
   * Runs `body`, whose steps are {@link step}s; on failure or cancellation everything is undone first.
   *
   * @throws {@link SagaFailure} with the original failure and those of all compensations.
   */
  async run<T>(body: () => Promise<T>): Promise<T> {
    let result: T;
    try {
      this.#scope = new CancellationScope();
      result = await this.#scope.run(async () => {
        const value = await body();
        this.#throwIfCancelled();
        return value;
      });
    } catch (error) {
      if (!(error instanceof TemporalFailure)) throw error;
      throw await CancellationScope.nonCancellable(() => this.#undo(error));
    }
    this.#enter('completed');
    this.#tracing.completed('Saga completed successfully');
    return result;
  }

  /**
   * Runs one step. Its compensation is on the stack from before the action starts until the saga ends, unless
   * the action is refused for good.
   *
   * @throws the action's failure, after the step's outcome has been recorded.
   */
  async step<T>(plan: StepPlan, work: StepWork<Activities, T>): Promise<T> {
    this.#throwIfCancelled();
    const record = this.#record(plan);
    const forward = this.#pivoted || work.pivot === true;
    const ordinary = policyOf(this.#options.policies, 'step', plan.name);
    const policy = forward ? untilKnown(ordinary) : ordinary;
    const key = keyOf(plan.name);
    begin(record);
    this.#changed();
    let compensation: Compensation | undefined;
    const act = async (span: SpanContext) => {
      compensation = this.#push(plan, work, key, span);
      return work.action({ activities: this.#activities(policy), key });
    };
    try {
      const traced = () => this.#tracing.step(plan, work, act);
      const { value, attempts } = await (forward ? CancellationScope.nonCancellable(traced) : traced());
      end(record, 'done', attempts);
      if (work.pivot === true) {
        this.#pivoted = true;
        this.#stack.clear();
      }
      return value;
    } catch (error) {
      const refused = outcomeOf(error) === 'not_done';
      if (refused && compensation !== undefined) this.#stack.remove(compensation);
      this.#failedStep = plan;
      end(
        record,
        refused ? 'failed' : 'unknown',
        attemptsOf(error, policy.maxAttempts),
        failureText(error).message,
      );
      throw error;
    } finally {
      this.#changed();
    }
  }

  /** Asks to undo everything. Has no effect once the pivot is done or the saga is already compensating. */
  cancel(): void {
    if (this.#phase !== 'running' || this.#pivoted) return;
    this.#cancelRequested = true;
    this.#scope?.cancel();
  }

  /** Tries an {@link unsettled} compensation again, or all of them. */
  retry(name?: string): void {
    for (const record of this.unsettled) {
      if (name === undefined || record.step === name) record.state = 'pending';
    }
    this.#changed();
  }

  /** Gives up one {@link unsettled} compensation, on somebody's word. */
  skip(name: string, by: string, reason: string): void {
    const record = this.unsettled.find(({ step }) => step === name);
    if (record === undefined) return;
    Object.assign(record, { state: 'skipped', skippedBy: by, reason });
    this.#tracing.event(EVENT_NAMES.compensationSkipped, { [SAGA_ATTRIBUTES.step]: name });
    this.#changed();
  }

  async #undo(error: TemporalFailure): Promise<SagaFailure> {
    const cancelled = this.#cancelRequested || isCancellation(error);
    const failedStep = cancelled ? undefined : this.#failedStep;
    const text = cancelled ? { code: 'cancelled', message: 'cancelled' } : failureText(error);
    this.#failure = { ...text, step: failedStep?.name ?? null, cancelled };
    for (const record of this.#steps) if (record.state === 'pending') record.state = 'skipped';
    if (failedStep !== undefined) this.#tracing.stepFailed(failedStep, error);
    await this.#compensate();
    this.#enter(cancelled ? 'cancelled' : 'failed');
    this.#tracing.failed(
      cancelled ? 'Saga cancelled' : (failedStep?.failedStatus ?? 'Saga failed'),
      text.code,
    );
    return new SagaFailure(this.#failure, this.#stack.errors, error);
  }

  /** Returns when every compensation is done or settled; without parking, when every one was tried. */
  async #compensate(): Promise<void> {
    const pending = () => this.#stack.inState('pending').length > 0;
    do {
      this.#enter('compensating');
      await this.#stack.run(this.#options.compensationOrder ?? 'reverse', this.#tracing);
      if (this.#options.park === false || pending() || this.unsettled.length === 0) continue;
      this.#enter('parked');
      await condition(() => pending() || this.unsettled.length === 0);
    } while (pending());
  }

  #push(
    plan: StepPlan,
    work: StepWork<Activities, unknown>,
    key: string,
    span: SpanContext,
  ): Compensation | undefined {
    const { compensate } = work;
    if (compensate === undefined) return undefined;
    const name = plan.compensation?.name ?? `undo_${plan.name}`;
    const policy = policyOf(this.#options.policies, 'compensation', name);
    const compensation: Compensation = {
      plan,
      record: { step: name, undoes: plan.name, state: 'pending', attempts: 0 },
      maxAttempts: policy.maxAttempts,
      undoes: span,
      run: () => compensate({ activities: this.#activities(policy), key: keyOf(name), compensates: key }),
    };
    this.#stack.push(compensation);
    return compensation;
  }

  /** One proxy per distinct policy. */
  #activities(policy: StepPolicy): Reporting<Activities> {
    const id = JSON.stringify(policy);
    let proxy = this.#proxies.get(id);
    if (proxy === undefined) this.#proxies.set(id, (proxy = activitiesUnder<Activities>(policy)));
    return proxy;
  }

  #record(plan: StepPlan): StepRecord {
    const record = this.#steps.find(({ step }) => step === plan.name);
    if (record === undefined) throw new Error(`The step ${plan.name} is not in the saga's plan`);
    return record;
  }

  /** Past the pivot there is no way back: a cancellation that came while it ran is void. */
  #throwIfCancelled(): void {
    if (this.#pivoted) return;
    if (this.#cancelRequested || CancellationScope.current().consideredCancelled) {
      throw new CancelledFailure('Saga cancelled');
    }
  }

  #enter(phase: SagaPhase): void {
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.#changed();
    this.#options.onPhase?.(phase);
  }

  #changed(): void {
    this.updatedAt = now();
  }
}

function keyOf(name: string): string {
  return `${workflowInfo().workflowId}/${name}`;
}
