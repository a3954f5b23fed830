import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually';
import { KitHarness } from '../support/kit-harness';
import { kitRetry, kitSkip, kitState } from '../support/kit-workflows';

describe('the saga kit on a real server', () => {
  let harness: KitHarness;
  let stopWorker: () => Promise<void>;

  beforeAll(async () => {
    harness = await KitHarness.connect();
    stopWorker = await harness.startWorker();
  });
  afterAll(async () => {
    await stopWorker();
    await harness.environment.teardown();
  });
  beforeEach(() => {
    harness.world.repaired = false;
  });

  it('completes with every effect standing and nothing undone', async () => {
    const { result, ledger } = await harness.run({ steps: [{ action: 'ok' }, { action: 'flaky' }] });
    expect(result.phase).toBe('completed');
    expect(result.steps.map(({ state, attempts }) => [state, attempts])).toEqual([
      ['done', 1],
      ['done', 2],
    ]);
    expect(result.compensations).toEqual([]);
    expect(ledger.standing.size).toBe(2);
  });

  it('undoes in reverse, without the step that was refused for good', async () => {
    const { result, ledger, id } = await harness.run({
      steps: [{ action: 'ok' }, { action: 'ok' }, { action: 'refuse' }, { action: 'ok' }],
    });
    expect(result.phase).toBe('failed');
    expect(result.failure).toEqual({
      code: 'refused',
      message: `${id}/step_2 is refused`,
      step: 'step_2',
      cancelled: false,
    });
    expect(result.steps.map(({ state }) => state)).toEqual(['done', 'done', 'failed', 'skipped']);
    expect(ledger.undone).toEqual([`${id}/step_1`, `${id}/step_0`]);
    expect(ledger.standing.size).toBe(0);
  });

  it('undoes a step whose reply was lost, because it may have happened', async () => {
    const { result, ledger, id } = await harness.run({ steps: [{ action: 'ok' }, { action: 'lose_reply' }] });
    expect(result.steps[1]).toMatchObject({ state: 'unknown', attempts: 2, error: 'reply lost' });
    expect(ledger.undone).toEqual([`${id}/step_1`, `${id}/step_0`]);
    expect(ledger.standing.size).toBe(0);
  });

  it('runs every compensation although one fails, and reports all failures with the original one', async () => {
    const { result, ledger, id } = await harness.run({
      steps: [
        { action: 'ok', compensation: 'break' },
        { action: 'ok' },
        { action: 'ok', compensation: 'refuse' },
        { action: 'refuse' },
      ],
    });
    expect(result.failure?.step).toBe('step_3');
    expect(result.compensationErrors).toEqual([
      { step: 'undo_2', code: 'refused', message: `${id}/undo_2 is refused` },
      { step: 'undo_0', code: 'broken', message: 'broken' },
    ]);
    expect(result.compensations.map(({ state, attempts }) => [state, attempts])).toEqual([
      ['failed', 1],
      ['done', 1],
      ['failed', 2],
    ]);
    expect(ledger.undone).toEqual([`${id}/step_1`]);
  });

  it('runs compensations at the same time when told to', async () => {
    const { result, ledger } = await harness.run({
      steps: [{ action: 'ok' }, { action: 'ok' }, { action: 'refuse' }],
      parallel: true,
    });
    expect(result.phase).toBe('failed');
    expect(ledger.standing.size).toBe(0);
    expect(ledger.undone).toHaveLength(2);
  });

  it('parks what it cannot undo until somebody retries or skips it', async () => {
    const handle = await harness.start({
      steps: [
        { action: 'ok', compensation: 'refuse' },
        { action: 'ok', compensation: 'refuse' },
        { action: 'refuse' },
      ],
      park: true,
    });
    const parked = await eventually(
      () => handle.query(kitState),
      ({ phase }) => phase === 'parked',
      'parked',
    );
    expect(parked.compensations.map(({ step, state }) => [step, state])).toEqual([
      ['undo_1', 'failed'],
      ['undo_0', 'failed'],
    ]);

    await handle.signal(kitRetry, 'undo_1');
    await eventually(
      () => handle.query(kitState),
      ({ phase, compensations }) => phase === 'parked' && compensations[0]?.attempts === 2,
      'parked again after a retry that failed',
    );

    await handle.signal(kitSkip, 'undo_0');
    harness.world.repaired = true;
    await handle.signal(kitRetry, undefined);
    const result = await handle.result();
    expect(result.phase).toBe('failed');
    expect(result.compensations).toMatchObject([
      { step: 'undo_1', state: 'done', attempts: 3 },
      { step: 'undo_0', state: 'skipped', skippedBy: 'an operator', reason: 'settled by hand' },
    ]);
    expect(result.compensationErrors.map(({ step }) => step)).toEqual(['undo_0']);
  });

  it('goes through with a saga whose pivot is done: nothing before it is undone any more', async () => {
    const { result, ledger } = await harness.run({
      steps: [{ action: 'ok' }, { action: 'cancel', pivot: true }, { action: 'ok' }],
    });
    expect(result.phase).toBe('completed');
    expect(ledger.standing.size).toBe(3);
    expect(ledger.undone).toEqual([]);
  });

  it('is shielded when the workflow itself is cancelled, also while it compensates', async () => {
    const { result, ledger, id } = await harness.run({
      steps: [
        { action: 'ok', compensation: 'flaky' },
        { action: 'cancel_workflow', compensation: 'cancel_workflow' },
        { action: 'ok' },
      ],
    });
    expect(result.phase).toBe('cancelled');
    expect(result.steps.map(({ state }) => state)).toEqual(['done', 'done', 'skipped']);
    expect(ledger.undone).toEqual([`${id}/step_1`, `${id}/step_0`]);
    expect(ledger.standing.size).toBe(0);
  });

  it('compensates nothing for a bug in workflow code: the task fails and waits for mended code', async () => {
    const handle = await harness.start({ steps: [{ action: 'ok' }], bug: true });
    await eventually(
      async () => (await handle.fetchHistory()).events ?? [],
      (events) => events.some((event) => event.workflowTaskFailedEventAttributes != null),
      'a failed workflow task',
    );
    expect((await handle.describe()).status.name).toBe('RUNNING');
    expect(harness.world.ledger(handle.workflowId).undone).toEqual([]);
    await handle.terminate('done');
  });

  it('tells the worker what it comes to, each thing once under an id of its own', async () => {
    const { id } = await harness.run({
      steps: [{ action: 'ok' }, { action: 'flaky', compensation: 'flaky' }, { action: 'refuse' }],
    });
    const measured = harness.measured(id);
    expect(measured.map(({ what, name, outcome }) => [what, name, outcome])).toEqual([
      ['action', 'step_0', 'done'],
      ['action', 'step_1', 'done'],
      ['action', 'step_2', 'failed'],
      ['compensating', 'Kit', 'begun'],
      ['compensation', 'undo_1', 'done'],
      ['compensation', 'undo_0', 'done'],
      ['saga', 'Kit', 'failed'],
    ]);
    expect(new Set(measured.map((measurement) => measurement.id)).size).toBe(measured.length);
  });

  it('has not begun to compensate when there is nothing to undo', async () => {
    const { id } = await harness.run({ steps: [{ action: 'refuse' }, { action: 'ok' }] });
    expect(harness.measured(id).map(({ what, outcome }) => [what, outcome])).toEqual([
      ['action', 'failed'],
      ['saga', 'failed'],
    ]);
  });
});
