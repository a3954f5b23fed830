import { CancelledFailure, defineQuery, defineSignal, setHandler, sleep } from '@temporalio/workflow';
import { SagaFailure } from '../../src/saga/errors';
import type { CompensationError, SagaFailureReason } from '../../src/saga/errors';
import type { SagaPolicies } from '../../src/saga/policy';
import { Saga } from '../../src/saga/saga';
import type { CompensationRecord, SagaPhase, StepRecord } from '../../src/saga/state';

export { kitTcc } from './kit-tcc-workflow';

/** What an action or compensation of the kit's test saga does. */
export type Behaviour =
  | 'ok'
  /** Refused for good: no effect. */
  | 'refuse'
  /** The effect happens, every reply is lost. */
  | 'lose_reply'
  /** The effect happens, the first reply is lost. */
  | 'lose_one_reply'
  /** No effect, and no answer either. */
  | 'break'
  /** The same at once: not worth another attempt, and not known to have done nothing. */
  | 'break_for_good'
  /** Waits for another one that waits, then succeeds. */
  | 'meet'
  /** Succeeds on the second attempt. */
  | 'flaky'
  /** Succeeds on the sixth attempt. */
  | 'fail_five_times'
  /** Asks to cancel the saga twice, then succeeds. */
  | 'cancel'
  /** Has the workflow itself cancelled, as an operator would, then succeeds. */
  | 'cancel_workflow';

export interface KitStep {
  readonly action: Behaviour;
  readonly compensation?: Behaviour;
  readonly pivot?: boolean;
}

export interface KitInput {
  readonly steps: readonly KitStep[];
  readonly policies: SagaPolicies;
  readonly parallel?: boolean;
  readonly park?: boolean;
  /** Throws a plain Error in workflow code after the last step until the code is mended. */
  readonly bug?: boolean;
}

export interface KitActivities {
  act(key: string, behaviour: Behaviour): Promise<string>;
  undo(key: string, compensates: string, behaviour: Behaviour): Promise<string>;
  hold(key: string, behaviour: Behaviour): Promise<string>;
  confirm(key: string, confirms: string, behaviour: Behaviour): Promise<string>;
  release(key: string, compensates: string, behaviour: Behaviour): Promise<string>;
  reverse(key: string, compensates: string, behaviour: Behaviour): Promise<string>;
}

export interface KitState {
  readonly phase: SagaPhase;
  readonly steps: readonly StepRecord[];
  readonly compensations: readonly CompensationRecord[];
}

export interface KitResult extends KitState {
  readonly failure?: SagaFailureReason;
  readonly compensationErrors: readonly CompensationError[];
}

export const kitState = defineQuery<KitState>('state');
export const kitCancel = defineSignal('cancel');
export const kitRetry = defineSignal<[string?]>('retry');
export const kitSkip = defineSignal<[string]>('skip');

export async function kitSaga(input: KitInput): Promise<KitResult> {
  const plan = input.steps.map((_, index) => ({
    number: index + 1,
    name: `step_${String(index)}`,
    title: `Step ${String(index)}`,
    compensation: { name: `undo_${String(index)}`, title: `Undo ${String(index)}` },
  }));
  const saga = new Saga<KitActivities>({
    title: 'Kit',
    plan,
    policies: input.policies,
    compensationOrder: input.parallel === true ? 'parallel' : 'reverse',
    park: input.park ?? false,
  });
  const state = () => ({ phase: saga.phase, steps: saga.steps, compensations: saga.compensations });
  handleKitMessages(saga, state);
  try {
    await saga.run(async () => {
      for (const [index, step] of input.steps.entries()) {
        const action = {
          action: ({ activities, key }: Parameters<Parameters<typeof saga.step>[1]['action']>[0]) =>
            activities.act(key, step.action),
        };
        await saga.step(
          plan[index]!,
          step.pivot === true
            ? { ...action, pivot: true }
            : {
                ...action,
                compensate: ({ activities, key, compensates }) =>
                  activities.undo(key, compensates, step.compensation ?? 'ok'),
              },
        );
      }
      if (input.bug === true) throw new TypeError('a bug in workflow code');
    });
    return { ...state(), compensationErrors: [] };
  } catch (error) {
    if (!(error instanceof SagaFailure)) throw error;
    return { ...state(), failure: error.reason, compensationErrors: error.compensationErrors };
  }
}

export function handleKitMessages(saga: Saga<KitActivities>, state: () => KitState): void {
  setHandler(kitState, state);
  setHandler(kitCancel, () => {
    saga.cancel();
  });
  setHandler(kitRetry, (name) => {
    saga.retry(name);
  });
  setHandler(kitSkip, (name) => {
    saga.skip(name, 'an operator', 'settled by hand');
  });
}

/** A saga that fails its workflow, as one without a result to return would. */
export async function failingSaga(policies: SagaPolicies): Promise<void> {
  const saga = new Saga<KitActivities>({ title: 'Failing', plan: [], policies, park: false });
  await saga.run(async () => {
    await sleep(1);
    throw new CancelledFailure('given up');
  });
}
