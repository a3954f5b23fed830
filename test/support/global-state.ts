import type { TestWorkflowEnvironment } from '@temporalio/testing';

/** What `global-setup.ts` started and `global-teardown.ts` ends. */
interface GlobalState {
  readonly environment: TestWorkflowEnvironment;
  readonly directory: string;
}

// Jest loads the two files apart from each other: only the global object is the same.
const KEY = Symbol.for('durable-orders.test-run');
const holder = globalThis as { [KEY]?: GlobalState };

/** Keeps `state` until {@link keptForTeardown}. */
export function keepForTeardown(state: GlobalState): void {
  holder[KEY] = state;
}

/** What was kept; `undefined` when the setup failed. */
export function keptForTeardown(): GlobalState | undefined {
  return holder[KEY];
}
