import type { SpanContext } from '@opentelemetry/api';
import type { CompensationError } from './errors';
import { attemptsOf, failureText } from './outcome';
import { begin, end } from './state';
import type { CompensationRecord, CompensationState } from './state';
import type { Reported } from './report';
import type { StepPlan } from './step';
import type { SagaTracing } from './tracing';

/** What undoes one step. */
export interface Compensation {
  readonly plan: StepPlan;
  readonly record: CompensationRecord;
  readonly maxAttempts: number;
  readonly undoes: SpanContext;
  readonly run: () => Promise<Reported<unknown>>;
}

export type CompensationOrder = 'reverse' | 'parallel';

/**
 * The compensation stack. Every compensation on it runs, also when others fail; each failure is kept with
 * its reason until the compensation succeeds or is skipped.
 */
export class CompensationStack {
  readonly #stack: Compensation[] = [];
  readonly #errors = new Map<Compensation, CompensationError>();

  push(compensation: Compensation): void {
    this.#stack.push(compensation);
  }

  /** Takes one off, wherever it is: its step did not happen. */
  remove(compensation: Compensation): void {
    const index = this.#stack.lastIndexOf(compensation);
    if (index >= 0) this.#stack.splice(index, 1);
  }

  /** Nothing before this is undone any more. */
  clear(): void {
    this.#stack.length = 0;
  }

  /** In the order they run in. */
  get records(): readonly CompensationRecord[] {
    return this.#inOrder.map(({ record }) => record);
  }

  get errors(): readonly CompensationError[] {
    return this.#inOrder.flatMap((compensation) => this.#errors.get(compensation) ?? []);
  }

  /** Those in `state`, in the order they run in. */
  inState(state: CompensationState): readonly CompensationRecord[] {
    return this.records.filter((record) => record.state === state);
  }

  /** Runs all that are pending; never throws for a compensation that fails. */
  async run(order: CompensationOrder, tracing: SagaTracing): Promise<void> {
    const pending = this.#inOrder.filter(({ record }) => record.state === 'pending');
    if (order === 'parallel') {
      await Promise.all(pending.map((compensation) => this.#runOne(compensation, tracing)));
      return;
    }
    for (const compensation of pending) await this.#runOne(compensation, tracing);
  }

  async #runOne(compensation: Compensation, tracing: SagaTracing): Promise<void> {
    const { plan, record, undoes, run, maxAttempts } = compensation;
    begin(record);
    try {
      const { attempts } = await tracing.compensation(plan, undoes, run);
      end(record, 'done', attempts);
      this.#errors.delete(compensation);
    } catch (error) {
      const failure = failureText(error);
      end(record, 'failed', attemptsOf(error, maxAttempts), failure.message);
      this.#errors.set(compensation, { step: record.step, ...failure });
      tracing.compensationFailed(record.step, failure);
    }
  }

  get #inOrder(): readonly Compensation[] {
    return this.#stack.toReversed();
  }
}
