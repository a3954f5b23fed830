import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Client } from '@temporalio/client';
import { refusal } from '../../src/saga/outcome';
import { reportAttempts } from '../../src/saga/report-attempts';
import type { Behaviour, KitActivities } from './kit-workflows';

/** What the kit's test activities have done, per workflow: a barrier in memory. */
export class KitLedger {
  /** Keys whose effect stands. */
  readonly standing = new Set<string>();
  /** Undo calls that took effect or found nothing, in order. */
  readonly undone: string[] = [];
  readonly calls: string[] = [];
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
    const activities: KitActivities = {
      act: (key, behaviour) =>
        this.#perform(key, behaviour, (ledger) => {
          ledger.standing.add(key);
        }),
      undo: (key, compensates, behaviour) =>
        this.#perform(key, this.repaired ? 'ok' : behaviour, (ledger) => {
          ledger.standing.delete(compensates);
          if (!ledger.undone.includes(compensates)) ledger.undone.push(compensates);
        }),
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
    if (behaviour === 'flaky' && attempt === 1) throw ApplicationFailure.retryable('flaky', 'flaky');
    effect(ledger);
    if (behaviour === 'lose_reply') throw ApplicationFailure.retryable('reply lost', 'no_answer');
    if (behaviour === 'cancel') {
      const handle = this.client().workflow.getHandle(workflowId);
      await handle.signal('cancel');
      await handle.signal('cancel');
    }
    if (behaviour === 'cancel_workflow') await this.client().workflow.getHandle(workflowId).cancel();
    return key;
  }
}
