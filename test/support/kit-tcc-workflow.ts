import { SagaFailure } from '../../src/saga/errors';
import type { Participant } from '../../src/saga/participant';
import type { SagaPolicies } from '../../src/saga/policy';
import { Saga } from '../../src/saga/saga';
import { handleKitMessages } from './kit-workflows';
import type { Behaviour, KitActivities, KitResult } from './kit-workflows';

/** What each part of a participant does; `ok` unless told. */
export interface KitParticipant {
  readonly try?: Behaviour;
  readonly confirm?: Behaviour;
  readonly cancel?: Behaviour;
  readonly reverse?: Behaviour;
}

export interface KitTccInput {
  readonly participants: readonly KitParticipant[];
  readonly policies: SagaPolicies;
  readonly order?: 'sequential' | 'parallel';
  /** The step before the transaction. */
  readonly before?: Behaviour;
  /** The step after the transaction; none unless told. */
  readonly after?: Behaviour;
  readonly park?: boolean;
  /** A body that catches the transaction's failure and goes on. */
  readonly swallow?: boolean;
}

const BEFORE = {
  number: 1,
  name: 'before',
  title: 'Before',
  compensation: { name: 'undo_before', title: 'Undo Before' },
};

/** A step, a TCC transaction over participants, and maybe a step after it. */
export async function kitTcc(input: KitTccInput): Promise<KitResult> {
  const count = input.participants.length;
  const participants = input.participants.map((behaviour, index) => participant(behaviour, index, count));
  const after = {
    number: 2 + 2 * count,
    name: 'after',
    title: 'After',
    compensation: { name: 'undo_after', title: 'Undo After' },
  };
  const saga = new Saga<KitActivities>({
    title: 'Kit TCC',
    plan: [
      BEFORE,
      ...participants.map(({ plan }) => plan.try),
      ...participants.map(({ plan }) => plan.confirm),
      ...(input.after === undefined ? [] : [after]),
    ],
    policies: input.policies,
    park: input.park ?? false,
  });
  const state = () => ({ phase: saga.phase, steps: saga.steps, compensations: saga.compensations });
  handleKitMessages(saga, state);
  const step = (plan: typeof BEFORE, behaviour: Behaviour) =>
    saga.step(plan, {
      action: ({ activities, key }) => activities.act(key, behaviour),
      compensate: ({ activities, key, compensates }) => activities.undo(key, compensates, 'ok'),
    });
  try {
    await saga.run(async () => {
      await step(BEFORE, input.before ?? 'ok');
      const order = input.order ?? 'sequential';
      const transaction = saga.tcc(Object.fromEntries(participants.entries()), { order });
      const held = await (input.swallow === true ? transaction.catch(() => ({})) : transaction);
      for (const [index, key] of Object.entries(held)) {
        if (!key.endsWith(`/try_${index}`)) throw new TypeError(`the hold ${key} came as that of ${index}`);
      }
      if (input.after !== undefined) await step(after, input.after);
    });
    return { ...state(), compensationErrors: [] };
  } catch (error) {
    if (!(error instanceof SagaFailure)) throw error;
    return { ...state(), failure: error.reason, compensationErrors: error.compensationErrors };
  }
}

function participant(
  behaviour: KitParticipant,
  index: number,
  count: number,
): Participant<KitActivities, string> {
  const plan = (part: string, undo: string, number: number) => ({
    number,
    name: `${part}_${String(index)}`,
    title: `${part} ${String(index)}`,
    compensation: { name: `${undo}_${String(index)}`, title: `${undo} ${String(index)}` },
  });
  return {
    plan: { try: plan('try', 'cancel', 2 + index), confirm: plan('confirm', 'reverse', 2 + count + index) },
    try: ({ activities, key }) => activities.hold(key, behaviour.try ?? 'ok'),
    confirm: ({ activities, key, confirms }) => activities.confirm(key, confirms, behaviour.confirm ?? 'ok'),
    cancel: ({ activities, key, compensates }) =>
      activities.release(key, compensates, behaviour.cancel ?? 'ok'),
    reverse: ({ activities, key, compensates }) =>
      activities.reverse(key, compensates, behaviour.reverse ?? 'ok'),
  };
}
