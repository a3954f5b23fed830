import { CancellationScope } from '@temporalio/workflow';

/**
 * What a wish to cancel ends: the saga's body, wherever it is; of a saga with local steps, only what is not one of those.
 *
 * What a worker that died has done of local steps is on no record. Whoever takes over does them again, under the same keys,
 * and knows then what there is to undo; were it to stop before one of them, it would never know.
 */
export class Interruption {
  readonly #hasLocalSteps: boolean;
  #scope: CancellationScope | undefined;
  #mayEnd: boolean;

  constructor(hasLocalSteps: boolean) {
    this.#hasLocalSteps = hasLocalSteps;
    this.#mayEnd = !hasLocalSteps;
  }

  /** Whether the body has been told. */
  get isTold(): boolean {
    return this.#scope?.consideredCancelled === true;
  }

  /** @param wish called when the workflow is cancelled and the body is not told at once. */
  run<T>(body: () => Promise<T>, wish: () => void): Promise<T> {
    if (!this.#hasLocalSteps) return this.#cancellable(body);
    CancellationScope.current().cancelRequested.catch(wish);
    return CancellationScope.nonCancellable(() => this.#cancellable(body));
  }

  cancel(): void {
    if (this.#mayEnd) this.#scope?.cancel();
  }

  /** @param forward past the pivot: nothing ends it. */
  carryOut<T>(step: () => Promise<T>, { local, forward }: { local: boolean; forward: boolean }): Promise<T> {
    if (local) return step();
    if (forward) return CancellationScope.nonCancellable(step);
    if (this.#mayEnd) return step();
    this.#mayEnd = true;
    return step().finally(() => {
      this.#mayEnd = false;
    });
  }

  #cancellable<T>(body: () => Promise<T>): Promise<T> {
    this.#scope = new CancellationScope();
    return this.#scope.run(body);
  }
}
