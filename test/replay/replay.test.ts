import { readFile, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker } from '@temporalio/worker';
import { bundleWorkflows } from '../../src/temporal/workflow-bundle';
import '../support/quiet-temporal';
import {
  BREAKING_PAUSE,
  changedWorkflows,
  GUARDED_PAUSE,
  newSourcesDirectory,
} from '../support/changed-workflows';
import { workflowCode } from '../support/order-harness';

const HISTORIES = path.join(__dirname, 'histories');

async function history(file: string) {
  return historyFromJSON(JSON.parse(await readFile(path.join(HISTORIES, file), 'utf8')));
}

describe('recorded histories', () => {
  it('cover every way an order ends', async () => {
    const scenarios = (await readdir(HISTORIES)).map((file) => file.split('.')[0]).sort();
    expect(scenarios).toEqual([
      'cancelled',
      'completed',
      'declined',
      'out-of-stock',
      'parked-and-skipped',
      'payment-unknown',
      'settled',
      'shipping-refused',
      'shipping-unknown',
      'tcc-cancelled-while-trying',
      'tcc-completed',
      'tcc-confirm-refused',
      'tcc-parked-and-skipped',
      'tcc-reversed',
      'tcc-settled',
      'tcc-try-refused',
      'tcc-try-unknown',
    ]);
  });

  it('replay on the workflows as they are', async () => {
    for (const file of await readdir(HISTORIES)) {
      await Worker.runReplayHistory(workflowCode(), await history(file));
    }
  });

  it('replay where promises are recorded for the stack query', async () => {
    const workflowBundle = await bundleWorkflows({ stackTraces: true });
    for (const scenario of ['completed', 'shipping-refused', 'tcc-reversed']) {
      await Worker.runReplayHistory({ workflowBundle }, await history(`${scenario}.v1.json`));
    }
  });
});

/**
 * Changes that make the workflow give other commands for the same history. Each is made in a copy of the
 * sources: if replaying did not notice, the test above would prove nothing.
 */
const BREAKING_CHANGES = [
  {
    what: 'another activity in the place of a step',
    file: 'workflows/order-steps.ts',
    from: 'activities.createOrder(',
    to: 'activities.cancelOrder(',
    scenario: 'completed',
  },
  { what: 'a timer before the first step', scenario: 'completed', ...BREAKING_PAUSE },
  {
    what: 'compensations in the order of the steps',
    file: 'saga/compensations.ts',
    from: 'this.#stack.toReversed()',
    to: 'this.#stack.slice()',
    scenario: 'shipping-refused',
  },
  {
    what: 'a search attribute that is no longer kept',
    file: 'workflows/order-progress.ts',
    from: 'upsertSearchAttributes([',
    to: 'void ([',
    scenario: 'declined',
  },
  {
    what: 'another participant that confirms first',
    file: 'workflows/order-tcc.ts',
    from: 'activities.confirmInventory(',
    to: 'activities.confirmPayment(',
    scenario: 'tcc-completed',
  },
  {
    what: 'a try of unknown outcome that is not cancelled',
    file: 'saga/tcc.ts',
    from: "if (outcome === 'not_done') delete member.undo;",
    to: 'delete member.undo;',
    scenario: 'tcc-try-unknown',
  },
  {
    what: 'cancels in the order of the tries',
    file: 'saga/compensations.ts',
    from: 'entry.members.toReversed()',
    to: 'entry.members',
    scenario: 'tcc-try-unknown',
  },
  {
    what: 'a cancel of what was confirmed',
    file: 'saga/tcc.ts',
    from: 'this.#undo(plan, confirms, participant.reverse)',
    to: 'this.#undo(plan, confirms, participant.cancel)',
    scenario: 'tcc-confirm-refused',
  },
  {
    what: 'a reversal that is left out after the transaction',
    file: 'saga/tcc.ts',
    from: 'for (const reverse of reverses) this.#host.stack.push(reverse);',
    to: 'void reverses;',
    scenario: 'tcc-reversed',
  },
  {
    what: 'a cancelled try that is not waited for',
    file: 'saga/activities.ts',
    from: 'ActivityCancellationType.WAIT_CANCELLATION_COMPLETED',
    to: 'ActivityCancellationType.ABANDON',
    scenario: 'tcc-cancelled-while-trying',
  },
] as const;

let directory: string;
beforeAll(async () => {
  directory = await newSourcesDirectory();
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

describe('a workflow that gives other commands', () => {
  it.each(BREAKING_CHANGES)('is caught: $what', async ({ what, scenario, ...change }) => {
    const changed = await changedWorkflows(path.join(directory, what.replaceAll(' ', '-')), [change]);
    const recorded = (await readdir(HISTORIES)).find((name) => name.startsWith(`${scenario}.`));
    const replay = Worker.runReplayHistory(changed, await history(recorded ?? ''));
    await expect(replay).rejects.toThrow(DeterminismViolationError);
  });
});

describe('a workflow that gives other commands to new orders alone', () => {
  it('replays the histories of all others, because the change is guarded by patched', async () => {
    const changed = await changedWorkflows(path.join(directory, 'guarded'), GUARDED_PAUSE);
    for (const file of await readdir(HISTORIES)) await Worker.runReplayHistory(changed, await history(file));
  });
});
