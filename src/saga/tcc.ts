import { TemporalFailure } from '@temporalio/common';
import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { Compensation, CompensationGroup, CompensationStack } from './compensations';
import { failureText } from './outcome';
import type { Outcome } from './outcome';
import type { Measurements } from './measurements';
import type { Participant, TccOptions } from './participant';
import type { StepPolicy } from './policy';
import { remote, untilKnown } from './policy';
import type { Reported } from './report';
import type { CompensationCall, StepPlan } from './step';
import type { PhaseTracing, TccTracing } from './tcc-tracing';
import type { SagaTracing } from './tracing';
import { keyOf } from './work';
import type { SagaWork } from './work';

/** The saga that a TCC transaction is a part of. */
export interface TccHost<Activities> {
  readonly work: SagaWork<Activities>;
  readonly stack: CompensationStack;
  readonly tracing: SagaTracing;
  readonly measurements: Measurements;
  readonly throwIfCancelled: () => void;
  /** Of a try. */
  readonly policyOf: (plan: StepPlan) => StepPolicy;
}

interface Member<Activities> {
  readonly participant: Participant<Activities, unknown>;
  /** What undoes it as far as it has come: nothing, the cancel, or the reverse. */
  undo?: Compensation;
}

/**
 * A TCC transaction: either every participant confirms, or none keeps anything.
 *
 *     try ──all held──► confirm ──all confirmed──► done; a later failure of the saga reverses
 *      │ refused, unknown,   │ refused for good
 *      │ cancelled           │
 *      └─────► cancel ◄──────┘ cancel what was tried, reverse what was confirmed
 *
 * The decision falls with the last try. Until then, whoever may hold something is on the saga's compensation stack,
 * from before its try begins; only a final refusal takes it off. From then on every confirm is tried until its outcome
 * is known, shielded from cancellation, because a try that succeeded is a promise. What failed is cancelled by the
 * saga as it unwinds, as one group: shielded, all of it even when a part fails, parked when it cannot be finished.
 *
 * See Helland, "Life beyond Distributed Transactions", 2007 (tentative operations), and Pardon and Pautasso,
 * "Atomic Distributed Transactions: a RESTful Design", 2014 (try, confirm, cancel).
 */
export class Tcc<Activities> {
  readonly #host: TccHost<Activities>;
  readonly #tracing: TccTracing;
  readonly #members: readonly Member<Activities>[];
  readonly #parallel: boolean;
  readonly #group: CompensationGroup;
  readonly #startedAt = Date.now();
  #cancelPhase: PhaseTracing | undefined;
  #outcome = 'completed';
  #ended = false;

  constructor(
    host: TccHost<Activities>,
    participants: readonly Participant<Activities, unknown>[],
    { order = 'sequential' }: TccOptions,
  ) {
    this.#host = host;
    this.#members = participants.map((participant) => ({ participant }));
    this.#parallel = order === 'parallel';
    this.#tracing = host.tracing.tcc();
    const undos = () => this.#members.flatMap(({ undo }) => undo ?? []);
    this.#group = {
      get members() {
        return undos();
      },
      order: this.#parallel ? 'parallel' : 'reverse',
      round: (runPending) => this.#cancel(runPending),
      conclude: () => {
        this.#end();
      },
    };
  }

  /**
   * What the tries gave, once all participants have confirmed; what undoes them is on the saga's stack then.
   *
   * @throws the failure that decided against it; the saga must unwind then.
   */
  async run(): Promise<unknown[]> {
    this.#host.stack.push(this.#group);
    try {
      const holds = await this.#phase('try', (member, phase) => this.#try(member, phase));
      const reverses = await CancellationScope.nonCancellable(() =>
        this.#phase('confirm', (member, phase) => this.#confirm(member, phase)),
      );
      this.#host.stack.remove(this.#group);
      for (const reverse of reverses) this.#host.stack.push(reverse);
      this.#end();
      return holds;
    } catch (error) {
      // Nobody holds anything: the saga has nothing to unwind here.
      if (this.#group.members.length === 0) await this.#cancel(() => Promise.resolve());
      throw error;
    }
  }

  async #phase<T>(
    name: 'try' | 'confirm',
    part: (member: Member<Activities>, phase: PhaseTracing) => Promise<T>,
  ): Promise<T[]> {
    const phase = this.#tracing.phase(name);
    const startedAt = Date.now();
    const measure = (outcome: string) => {
      this.#host.measurements.part('phase', name, outcome, startedAt);
    };
    try {
      const results = await this.#each(name, (member) => part(member, phase));
      // The last moment at which nothing is decided.
      if (name === 'try') this.#host.throwIfCancelled();
      phase.end();
      measure('done');
      this.#tracing.succeeded(name);
      return results;
    } catch (error) {
      const failure = failureText(error);
      phase.end(failure);
      measure('failed');
      this.#outcome = isCancellation(error) ? 'cancelled' : `failed_${name}`;
      this.#tracing.failed(name, failure);
      throw error;
    }
  }

  async #each<T>(name: 'try' | 'confirm', part: (member: Member<Activities>) => Promise<T>): Promise<T[]> {
    const results: T[] = [];
    if (!this.#parallel) {
      for (const member of this.#members) results.push(await part(member));
      return results;
    }
    // All are waited for, also when one has failed: what they answer is worth more than having to guess it.
    const settled = await Promise.allSettled(this.#members.map(part));
    const failures: { plan: StepPlan; error: unknown }[] = [];
    for (const [index, { participant }] of this.#members.entries()) {
      const one = settled[index];
      if (one?.status === 'fulfilled') results.push(one.value);
      else failures.push({ plan: participant.plan[name], error: one?.reason });
    }
    // A bug is no outcome, and comes first.
    const decisive = failures.find(({ error }) => !(error instanceof TemporalFailure)) ?? failures[0];
    if (decisive === undefined) return results;
    this.#host.work.failedStep = decisive.plan;
    throw decisive.error;
  }

  async #try(member: Member<Activities>, phase: PhaseTracing): Promise<unknown> {
    const { participant } = member;
    const plan = participant.plan.try;
    this.#host.throwIfCancelled();
    const policy = remote(this.#host.policyOf(plan));
    const call = this.#host.work.call(plan, policy);
    member.undo = this.#undo(plan, call.key, participant.cancel);
    return this.#part(
      plan,
      policy,
      phase,
      () => participant.try(call),
      (outcome) => {
        if (outcome === 'not_done') delete member.undo;
      },
    );
  }

  /** @returns what undoes it after the transaction. */
  async #confirm(member: Member<Activities>, phase: PhaseTracing): Promise<Compensation> {
    const { work, tracing } = this.#host;
    const { participant } = member;
    const plan = participant.plan.confirm;
    const policy = untilKnown(remote(work.policyOf(plan)));
    const confirms = keyOf(participant.plan.try.name);
    const confirm = () => participant.confirm({ ...work.call(plan, policy), confirms });
    await this.#part(plan, policy, phase, confirm, (outcome) => {
      if (outcome !== 'not_done') member.undo = this.#undo(plan, confirms, participant.reverse);
    });
    return work.compensation(plan, confirms, participant.reverse, (run) =>
      tracing.compensation(plan, phase.spanContext, run),
    );
  }

  /** @param settle told what became of it, before anybody else hears of it. */
  async #part<T>(
    plan: StepPlan,
    policy: StepPolicy,
    phase: PhaseTracing,
    run: () => Promise<Reported<T>>,
    settle: (outcome: Outcome) => void,
  ): Promise<T> {
    const { work } = this.#host;
    const record = work.begin(plan);
    try {
      const { value, attempts } = await phase.within(run);
      work.done(record, attempts);
      settle('done');
      phase.event(plan.events?.done);
      return value;
    } catch (error) {
      settle(work.failed(plan, error, policy));
      phase.failed(failureText(error), plan.name);
      throw error;
    }
  }

  #undo(
    plan: StepPlan,
    compensates: string,
    compensate: (call: CompensationCall<Activities>) => Promise<Reported<unknown>>,
  ): Compensation {
    const undo = this.#host.work.compensation(plan, compensates, compensate, async (run) => {
      const phase = this.#cancelPhase;
      try {
        const reported = await (phase === undefined ? run() : phase.within(run));
        phase?.event(plan.compensation?.doneEvent);
        return reported;
      } catch (error) {
        phase?.failed(failureText(error), undo.record.step);
        throw error;
      }
    });
    return undo;
  }

  /** A round of cancelling; the transaction is over when nothing is left to do. */
  async #cancel(runPending: () => Promise<void>): Promise<void> {
    const phase = this.#tracing.phase('cancel');
    this.#cancelPhase = phase;
    const startedAt = Date.now();
    await runPending();
    phase.end();
    const settled = this.#group.members.every(({ record }) => record.state !== 'failed');
    this.#host.measurements.part('phase', 'cancel', settled ? 'done' : 'failed', startedAt);
    if (this.#group.members.every(({ record }) => record.state === 'done')) this.#end();
  }

  /** Once is enough. */
  #end(): void {
    this.#tracing.end();
    if (this.#ended) return;
    this.#ended = true;
    this.#host.measurements.whole('tcc', this.#outcome, this.#startedAt);
  }
}
