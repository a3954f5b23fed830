import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Client } from '@temporalio/client';
import { refusal } from '../../src/saga/outcome';
import { reportAttempts } from '../../src/saga/report-attempts';
import type { Behaviour, KitActivities } from './kit-workflows';

/** What a participant of a TCC keeps under the key of a try. */
export type HoldState = 'held' | 'confirmed' | 'cancelled' | 'reversed';

/** What the kit's test activities have done, per workflow: a barrier in memory. */
export class KitLedger {
  /** Keys whose effect stands. */
  readonly standing = new Set<string>();
  /** Undo calls that took effect or found nothing, in order. */
  readonly undone: string[] = [];
  readonly calls: string[] = [];
  /** By key of the try. */
  readonly holds = new Map<string, HoldState>();
  #arrive: (() => void) | undefined;

  /** Resolves for two callers at once, and for none alone. */
  meet(): Promise<void> {
    const arrive = this.#arrive;
    this.#arrive = undefined;
    if (arrive === undefined) return new Promise((resolve) => (this.#arrive = resolve));
    arrive();
    return Promise.resolve();
  }
}

/** Activities that behave as told, and the ledgers they write. */
export class KitWorld {
  readonly #ledgers = new Map<string, KitLedger>();
  /** Set to change what a compensation does from now on, whatever it was told. */
  repaired = false;

  constructor(readonly client: () => Client) {}

  ledger(workflowId: string): KitLedger {
    let ledger = this.#ledgers.get(workflowId);
    if (ledger === undefined) this.#ledgers.set(workflowId, (ledger = new KitLedger()));
    return ledger;
  }

  activities() {
    const undoing = (behaviour: Behaviour) => (this.repaired ? 'ok' : behaviour);
    const activities: KitActivities = {
      act: (key, behaviour) =>
        this.#perform(key, behaviour, (ledger) => {
          ledger.standing.add(key);
        }),
      undo: (key, compensates, behaviour) =>
        this.#perform(key, undoing(behaviour), (ledger) => {
          ledger.standing.delete(compensates);
          if (!ledger.undone.includes(compensates)) ledger.undone.push(compensates);
        }),
      hold: (key, behaviour) => this.#perform(key, behaviour, moveHold(key, 'held', [undefined, 'held'])),
      confirm: (key, confirms, behaviour) =>
        this.#perform(key, behaviour, moveHold(confirms, 'confirmed', ['held', 'confirmed'])),
      release: (key, compensates, behaviour) =>
        this.#perform(
          key,
          undoing(behaviour),
          moveHold(compensates, 'cancelled', [undefined, 'held', 'cancelled']),
        ),
      reverse: (key, compensates, behaviour) =>
        this.#perform(
          key,
          undoing(behaviour),
          moveHold(compensates, 'reversed', [undefined, 'held', 'confirmed', 'reversed']),
        ),
    };
    return reportAttempts(activities);
  }

  async #perform(key: string, behaviour: Behaviour, effect: (ledger: KitLedger) => void): Promise<string> {
    const { attempt, workflowExecution } = activityInfo();
    const workflowId = workflowExecution?.workflowId ?? '';
    const ledger = this.ledger(workflowId);
    ledger.calls.push(key);
    if (behaviour === 'refuse') throw refusal('refused', `${key} is refused`);
    if (behaviour === 'break') throw ApplicationFailure.retryable('broken', 'broken');
    if (behaviour === 'break_for_good') throw ApplicationFailure.nonRetryable('broken', 'broken');
    if (behaviour === 'flaky' && attempt === 1) throw ApplicationFailure.retryable('flaky', 'flaky');
    if (behaviour === 'fail_five_times' && attempt <= 5) throw ApplicationFailure.retryable('flaky', 'flaky');
    if (behaviour === 'meet') await ledger.meet();
    effect(ledger);
    if (behaviour === 'lose_reply' || (behaviour === 'lose_one_reply' && attempt === 1)) {
      throw ApplicationFailure.retryable('reply lost', 'no_answer');
    }
    if (behaviour === 'cancel') {
      const handle = this.client().workflow.getHandle(workflowId);
      await handle.signal('cancel');
      await handle.signal('cancel');
    }
    if (behaviour === 'cancel_workflow') await this.client().workflow.getHandle(workflowId).cancel();
    return key;
  }
}

/** What a participant's barrier does: from any other state than those allowed, the move is refused for good. */
function moveHold(key: string, to: HoldState, from: readonly (HoldState | undefined)[]) {
  return ({ holds }: KitLedger) => {
    const state = holds.get(key);
    if (!from.includes(state)) throw refusal('out_of_order', `${key} is ${state ?? 'not there'}, not ${to}`);
    holds.set(key, to);
  };
}
