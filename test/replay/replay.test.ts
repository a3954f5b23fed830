import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker } from '@temporalio/worker';
import type { ReplayWorkerOptions } from '@temporalio/worker';
import '../support/quiet-temporal';
import { workflowCode } from '../support/order-harness';

const HISTORIES = path.join(__dirname, 'histories');
const SOURCES = path.join(__dirname, '../../src');

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
  {
    what: 'a timer before the first step',
    file: 'workflows/run-order.ts',
    from: 'await saga.run(',
    to: "await (await import('@temporalio/workflow')).sleep(1); await saga.run(",
    scenario: 'completed',
  },
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

describe('a workflow that gives other commands', () => {
  let directory: string;

  beforeAll(async () => {
    // Inside the project, so that the copy finds its packages.
    directory = await mkdtemp(path.join(SOURCES, '../.changed-workflows-'));
  });
  afterAll(async () => {
    await rm(directory, { recursive: true });
  });

  it.each(BREAKING_CHANGES)('is caught: $what', async ({ what, file, from, to, scenario }) => {
    const copy = path.join(directory, what.replaceAll(' ', '-'));
    for (const folder of ['workflows', 'saga', 'domain', 'activities']) {
      await cp(path.join(SOURCES, folder), path.join(copy, folder), { recursive: true });
    }
    const original = await readFile(path.join(copy, file), 'utf8');
    expect(original).toContain(from);
    await writeFile(path.join(copy, file), original.replace(from, to));
    const changed: ReplayWorkerOptions = {
      workflowsPath: path.join(copy, 'workflows/index.ts'),
      interceptors: { workflowModules: [path.join(copy, 'workflows/interceptors.ts')] },
    };
    const recorded = (await readdir(HISTORIES)).find((name) => name.startsWith(`${scenario}.`));
    const replay = Worker.runReplayHistory(changed, await history(recorded ?? ''));
    await expect(replay).rejects.toThrow(DeterminismViolationError);
  });
});
