import type { SpanContext } from '@opentelemetry/api';
import { CancelledFailure, TemporalFailure } from '@temporalio/common';
import { CancellationScope, condition, isCancellation, workflowInfo } from '@temporalio/workflow';
import { CompensationStack } from './compensations';
import type { Compensation } from './compensations';
import { SagaFailure } from './errors';
import type { SagaFailureReason } from './errors';
import { Interruption } from './interruption';
import { failureText } from './outcome';
import { Measurements } from './measurements';
import type { Participant, Participants, TccOptions } from './participant';
import { isLocal, untilKnown } from './policy';
import type { SagaOptions } from './options';
import type { StepPolicy } from './policy';
import type { Reported } from './report';
import { EVENT_NAMES, SAGA_ATTRIBUTES } from './semconv';
import type { CompensationRecord, PastStep, SagaPhase, StepRecord } from './state';
import type { PastEffect, StepPlan, StepWork, Undo } from './step';
import { Tcc } from './tcc';
import { begun } from './spans';
import { SagaTracing } from './tracing';
import { SagaWork, keyOf } from './work';

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
  readonly #options: SagaOptions<Activities>;
  readonly #work: SagaWork<Activities>;
  readonly #tracing: SagaTracing;
  readonly #stack: CompensationStack;
  readonly #measurements: Measurements;
  readonly #startedAt = Date.now();
  readonly #interruption: Interruption;
  #phase: SagaPhase = 'running';
  #failure: SagaFailureReason | undefined;
  #tccFailure: Error | undefined;
  #cancelRequested = false;
  #pivoted = false;

  constructor(options: SagaOptions<Activities>) {
    this.#options = options;
    this.#measurements = new Measurements(options.title);
    this.#work = new SagaWork(options.plan, options.policies, this.#measurements);
    this.#interruption = new Interruption(options.plan.some((plan) => this.#isLocal(plan)));
    const { runId } = workflowInfo();
    this.#tracing = new SagaTracing(
      options.title,
      runId,
      options.commonAttributes ?? {},
      options.attributes ?? {},
    );
    this.#stack = new CompensationStack((name, startedAt, failure) => {
      this.#measurements.part('compensation', name, failure === undefined ? 'done' : 'failed', startedAt);
      if (failure !== undefined) this.#tracing.compensationFailed(name, failure);
    });
  }

  get phase(): SagaPhase {
    return this.#phase;
  }

  /** Every planned step, in order. */
  get steps(): readonly StepRecord[] {
    return this.#work.records;
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

  /** When the state last changed, ISO 8601. */
  get updatedAt(): string {
    return this.#work.updatedAt;
  }

  get traceId(): string {
    return this.#tracing.traceId;
  }

  /**
   * Runs `body`, whose steps are {@link step}s and {@link tcc}s; on failure or cancellation everything is undone first.
   *
   * @throws {@link SagaFailure} with the original failure and those of all compensations.
   */
  async run<T>(body: () => Promise<T>): Promise<T> {
    let result: T;
    try {
      const whole = async () => {
        const value = await body();
        if (this.#tccFailure !== undefined) throw this.#tccFailure;
        this.#throwIfCancelled();
        return value;
      };
      result = await this.#interruption.run(whole, () => {
        this.cancel();
      });
    } catch (error) {
      if (!(error instanceof TemporalFailure)) throw error;
      throw await CancellationScope.nonCancellable(() => this.#undo(error));
    }
    this.#enter('completed');
    this.#measurements.whole('saga', 'completed', this.#startedAt);
    this.#tracing.completed('Saga completed successfully');
    return result;
  }

  /**
   * Runs one step. Its compensation is on the stack from before the action starts until the saga ends, unless
   * the action is refused for good.
   *
   * @throws the action's failure, after the step's outcome has been recorded.
   */
  step<T>(plan: StepPlan, work: StepWork<Activities, T>): Promise<T> {
    return begun(() => this.#step(plan, work));
  }

  #step<T>(plan: StepPlan, work: StepWork<Activities, T>): Promise<T> {
    const forward = this.#pivoted || work.pivot === true;
    const policy = this.#policyOf(plan, forward);
    const local = isLocal(policy);
    if (!local) this.#throwIfCancelled();
    const call = this.#work.call(plan, policy);
    const record = this.#work.begin(plan);
    let compensation: Compensation | undefined;
    const act = (span: SpanContext) => {
      compensation = this.#push(plan, work.compensate, call.key, span);
      return work.action(call);
    };
    const done = ({ value, attempts }: Reported<T>) => {
      this.#work.done(record, attempts);
      if (work.pivot === true) {
        this.#pivoted = true;
        this.#stack.clear();
      }
      return value;
    };
    const failed = (error: unknown) => {
      const outcome = this.#work.failed(plan, error, policy);
      if (outcome === 'not_done' && compensation !== undefined) this.#stack.remove(compensation);
      if (outcome === 'unknown' && local) this.#coverLocalAfter(plan);
    };
    const traced = () => this.#tracing.step(plan, work, act, { done, failed });
    return this.#interruption.carryOut(traced, { local, forward });
  }

  /**
   * Runs a TCC transaction as a part of the saga: returns what the tries gave once all participants have confirmed.
   * From then on they are reversed like any step, if the saga fails. If they cannot all confirm, the saga fails, and
   * what they hold is cancelled first.
   *
   * @throws the failure that decided against it; catching it does not save the saga.
   */
  async tcc<Holds extends object>(
    participants: Participants<Activities, Holds>,
    options: TccOptions = {},
  ): Promise<Holds> {
    this.#throwIfCancelled();
    const members = Object.entries<Participant<Activities, unknown>>(participants);
    const forward = this.#pivoted;
    const host = {
      work: this.#work,
      stack: this.#stack,
      tracing: this.#tracing,
      measurements: this.#measurements,
      throwIfCancelled: () => {
        this.#throwIfCancelled();
      },
      policyOf: (plan: StepPlan) => this.#policyOf(plan, forward),
    };
    const run = () =>
      new Tcc(
        host,
        members.map(([, participant]) => participant),
        options,
      ).run();
    try {
      const holds = await this.#interruption.carryOut(run, { local: false, forward });
      return Object.fromEntries(members.map(([name], index) => [name, holds[index]])) as Holds;
    } catch (error) {
      if (error instanceof Error) this.#tccFailure = error;
      throw error;
    }
  }

  /**
   * Takes over a step from a run that is gone. What it has done, or may have, is undone with everything else when the
   * saga fails, under the key that the run itself would have used.
   */
  adopt(plan: StepPlan, past: PastStep, effect?: PastEffect<Activities>): void {
    this.#work.adopt(plan, past);
    if (effect === undefined) return;
    const { madeBy, compensate, span, skipped } = effect;
    const traced = (run: () => Promise<Reported<unknown>>) => this.#tracing.compensation(plan, span, run);
    const compensation = this.#work.compensation(plan, keyOf(madeBy), compensate, traced);
    this.#stack.push(compensation);
    if (skipped !== undefined) this.#skip(compensation.record, skipped.by, skipped.reason);
  }

  /**
   * Asks to undo everything. Has no effect once the pivot is done or the saga is already compensating. Local steps
   * (`StepPolicy.firstAttempt`) are done first, up to the next that is not.
   */
  cancel(): void {
    if (this.#phase !== 'running' || this.#pivoted) return;
    this.#cancelRequested = true;
    this.#interruption.cancel();
  }

  /** Tries an {@link unsettled} compensation again, or all of them. */
  retry(name?: string): void {
    for (const record of this.unsettled) {
      if (name === undefined || record.step === name) record.state = 'pending';
    }
    this.#work.changed();
  }

  /** Gives up one {@link unsettled} compensation, on somebody's word. */
  skip(name: string, by: string, reason: string): void {
    const record = this.unsettled.find(({ step }) => step === name);
    if (record === undefined) return;
    this.#measurements.part('compensation', name, 'skipped', Date.now());
    this.#skip(record, by, reason);
  }

  #skip(record: CompensationRecord, skippedBy: string, reason: string): void {
    Object.assign(record, { state: 'skipped', skippedBy, reason });
    this.#tracing.event(EVENT_NAMES.compensationSkipped, { [SAGA_ATTRIBUTES.step]: record.step });
    this.#work.changed();
  }

  async #undo(error: TemporalFailure): Promise<SagaFailure> {
    // A shielded part may fail by itself after somebody had cancelled: the order ends as it was asked to.
    const cancelled = this.#cancelRequested || isCancellation(error) || this.#interruption.isTold;
    const failedStep = cancelled ? undefined : this.#work.failedStep;
    const text = cancelled ? { code: 'cancelled', message: 'cancelled' } : failureText(error);
    this.#failure = { ...text, step: failedStep?.name ?? null, cancelled };
    this.#work.skipPending();
    if (failedStep !== undefined) this.#tracing.stepFailed(failedStep, error);
    const owes = this.#stack.inState('pending').length > 0;
    // What another run has begun, that one has counted.
    if (owes && !this.#work.adopted) this.#measurements.whole('compensating', 'begun', this.#startedAt);
    await this.#compensate();
    const outcome = cancelled ? 'cancelled' : 'failed';
    this.#enter(outcome);
    this.#measurements.whole('saga', outcome, this.#startedAt);
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
      await this.#stack.run(this.#options.compensationOrder ?? 'reverse');
      if (this.#options.park === false || pending() || this.unsettled.length === 0) continue;
      this.#enter('parked');
      await condition(() => pending() || this.unsettled.length === 0);
    } while (pending());
    this.#stack.conclude();
  }

  #isLocal(plan: StepPlan): boolean {
    return isLocal(this.#work.policyOf(plan));
  }

  /**
   * A worker that died may have come further than this run: had it known the outcome of `plan`, it would have gone on with
   * the local steps that follow.
   */
  #coverLocalAfter(plan: StepPlan): void {
    const following = this.#options.plan.slice(this.#options.plan.indexOf(plan) + 1);
    for (const later of following) {
      const undo = this.#isLocal(later) ? this.#options.undoOf?.(later.name) : undefined;
      if (undo === undefined) return;
      this.#push(later, undo, keyOf(later.name), undefined);
    }
  }

  #push(
    plan: StepPlan,
    compensate: Undo<Activities> | undefined,
    key: string,
    span: SpanContext | undefined,
  ): Compensation | undefined {
    if (compensate === undefined) return undefined;
    const compensation = this.#work.compensation(plan, key, compensate, (run) =>
      this.#tracing.compensation(plan, span, run),
    );
    this.#stack.push(compensation);
    return compensation;
  }

  #policyOf(plan: StepPlan, forward: boolean): StepPolicy {
    const ordinary = this.#work.policyOf(plan);
    return forward ? untilKnown(ordinary) : ordinary;
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
    this.#work.changed();
    this.#options.onPhase?.(phase);
  }
}
