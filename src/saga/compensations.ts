import type { CompensationError } from './errors';
import { attemptsOf, failureText } from './outcome';
import type { FailureText } from './outcome';
import { begin, end } from './state';
import type { CompensationRecord, CompensationState } from './state';
import type { Reported } from './report';

/** What undoes one effect. */
export interface Compensation {
  readonly record: CompensationRecord;
  readonly maxAttempts: number;
  /** One round, with whatever spans tell of it. */
  readonly run: () => Promise<Reported<unknown>>;
}

/** Compensations that stand together on the stack and are run in one go. */
export interface CompensationGroup {
  /** In the order of what they undo; may change until they run. */
  readonly members: readonly Compensation[];
  readonly order: CompensationOrder;
  /** Runs a round of those that are pending; never throws for one that fails. */
  readonly round: (runPending: () => Promise<void>) => Promise<void>;
  /** Nothing of it will be run any more, done or not. */
  readonly conclude: () => void;
}

export type CompensationOrder = 'reverse' | 'parallel';

type Entry = Compensation | CompensationGroup;

/** @param failure undefined when it is done. */
type RoundListener = (name: string, startedAt: number, failure: FailureText | undefined) => void;

/**
 * The compensation stack. Every compensation on it runs, also when others fail; each failure is kept with
 * its reason until the compensation succeeds or is skipped.
 */
export class CompensationStack {
  readonly #stack: Entry[] = [];
  readonly #errors = new Map<Compensation, CompensationError>();
  readonly #onRound: RoundListener;

  /** @param onRound told of every round of a compensation when it ends. */
  constructor(onRound: RoundListener) {
    this.#onRound = onRound;
  }

  push(entry: Entry): void {
    this.#stack.push(entry);
  }

  /** Takes one off, wherever it is: its step did not happen, or is undone otherwise. */
  remove(entry: Entry): void {
    const index = this.#stack.lastIndexOf(entry);
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
  async run(order: CompensationOrder): Promise<void> {
    const entries = this.#stack.toReversed().filter((entry) => membersOf(entry).some(isPending));
    const runs = entries.map((entry) => () => this.#runEntry(entry));
    await runAll(runs, order);
  }

  /** Nothing on the stack will be run any more. */
  conclude(): void {
    for (const entry of this.#stack) if ('members' in entry) entry.conclude();
  }

  #runEntry(entry: Entry): Promise<void> {
    if (!('members' in entry)) return this.#runOne(entry);
    const runs = membersOf(entry)
      .filter(isPending)
      .map((member) => () => this.#runOne(member));
    return entry.round(() => runAll(runs, entry.order));
  }

  async #runOne(compensation: Compensation): Promise<void> {
    const { record, run, maxAttempts } = compensation;
    const startedAt = Date.now();
    begin(record);
    try {
      const { attempts } = await run();
      end(record, 'done', attempts);
      this.#errors.delete(compensation);
      this.#onRound(record.step, startedAt, undefined);
    } catch (error) {
      const failure = failureText(error);
      end(record, 'failed', attemptsOf(error, maxAttempts), failure.message);
      this.#errors.set(compensation, { step: record.step, ...failure });
      this.#onRound(record.step, startedAt, failure);
    }
  }

  get #inOrder(): readonly Compensation[] {
    return this.#stack.toReversed().flatMap(membersOf);
  }
}

/** In the order they run in. */
function membersOf(entry: Entry): readonly Compensation[] {
  return 'members' in entry ? entry.members.toReversed() : [entry];
}

function isPending({ record }: Compensation): boolean {
  return record.state === 'pending';
}

async function runAll(runs: readonly (() => Promise<void>)[], order: CompensationOrder): Promise<void> {
  if (order === 'parallel') {
    await Promise.all(runs.map((run) => run()));
    return;
  }
  for (const run of runs) await run();
}
