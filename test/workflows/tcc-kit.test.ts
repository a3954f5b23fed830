import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually';
import { KitHarness } from '../support/kit-harness';
import type { KitLedger } from '../support/kit-ledger';
import { kitRetry, kitSkip, kitState } from '../support/kit-workflows';
import type { KitResult } from '../support/kit-workflows';

/** `try_0`, `confirm_1`, … as they were called, without the workflow's id. */
const called = ({ calls }: KitLedger, id: string) => calls.map((key) => key.replace(`${id}/`, ''));
/** Of the participants that hold or held something, in their declared order. */
const holdsOf = ({ holds }: KitLedger) =>
  [...holds].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, state]) => state);
const statesOf = ({ steps }: KitResult) => steps.map(({ state }) => state);
const undoneBy = ({ compensations }: KitResult) =>
  compensations.map(({ step, undoes, state }) => [step, undoes, state]);

describe('the TCC coordinator on a real server', () => {
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

  it('tries all in order, then confirms all in order, and gives each hold under its name', async () => {
    const { result, ledger, id } = await harness.runTcc({
      participants: [{ try: 'flaky' }, { confirm: 'flaky' }],
      after: 'ok',
    });
    expect(result.phase).toBe('completed');
    expect(called(ledger, id)).toEqual([
      'before',
      'try_0',
      'try_0',
      'try_1',
      'confirm_0',
      'confirm_1',
      'confirm_1',
      'after',
    ]);
    expect(result.steps.map(({ step, state, attempts }) => [step, state, attempts])).toEqual([
      ['before', 'done', 1],
      ['try_0', 'done', 2],
      ['try_1', 'done', 1],
      ['confirm_0', 'done', 1],
      ['confirm_1', 'done', 2],
      ['after', 'done', 1],
    ]);
    expect(result.compensations).toEqual([]);
    expect(holdsOf(ledger)).toEqual(['confirmed', 'confirmed']);
  });

  it('cancels what is held when a try is refused for good, and not the one that holds nothing', async () => {
    const { result, ledger, id } = await harness.runTcc({
      participants: [{}, { try: 'refuse' }, {}],
      after: 'ok',
    });
    expect(result.phase).toBe('failed');
    expect(result.failure).toEqual({
      code: 'refused',
      message: `${id}/try_1 is refused`,
      step: 'try_1',
      cancelled: false,
    });
    expect(called(ledger, id)).toEqual(['before', 'try_0', 'try_1', 'cancel_0', 'undo_before']);
    expect(statesOf(result)).toEqual([
      'done',
      'done',
      'failed',
      ...Array.from({ length: 5 }, () => 'skipped'),
    ]);
    expect(undoneBy(result)).toEqual([
      ['cancel_0', 'try_0', 'done'],
      ['undo_before', 'before', 'done'],
    ]);
    expect(holdsOf(ledger)).toEqual(['cancelled']);
  });

  it.each(['lose_reply', 'break', 'break_for_good'] as const)(
    'cancels a try whose outcome is unknown (%s), because it may have happened',
    async (behaviour) => {
      const { result, ledger, id } = await harness.runTcc({ participants: [{}, { try: behaviour }] });
      expect(result.steps[2]).toMatchObject({ step: 'try_1', state: 'unknown' });
      expect(called(ledger, id).slice(-3)).toEqual(['cancel_1', 'cancel_0', 'undo_before']);
      expect(holdsOf(ledger)).toEqual(['cancelled', 'cancelled']);
    },
  );

  it('tries a confirm until its outcome is known, however often its reply is lost', async () => {
    const { result, ledger } = await harness.runTcc({
      participants: [{ confirm: 'lose_one_reply' }, { confirm: 'fail_five_times' }],
    });
    expect(result.phase).toBe('completed');
    // The policy gives a step two attempts.
    expect(result.steps[4]).toMatchObject({ step: 'confirm_1', state: 'done', attempts: 6 });
    expect(holdsOf(ledger)).toEqual(['confirmed', 'confirmed']);
  });

  it('reverses what was confirmed and cancels the rest when a confirm is refused for good', async () => {
    const { result, ledger, id } = await harness.runTcc({
      participants: [{}, { confirm: 'refuse' }, {}],
      after: 'ok',
    });
    expect(result.phase).toBe('failed');
    expect(result.failure).toMatchObject({ code: 'refused', step: 'confirm_1', cancelled: false });
    expect(called(ledger, id).slice(4)).toEqual([
      'confirm_0',
      'confirm_1',
      'cancel_2',
      'cancel_1',
      'reverse_0',
      'undo_before',
    ]);
    expect(undoneBy(result)).toEqual([
      ['cancel_2', 'try_2', 'done'],
      ['cancel_1', 'try_1', 'done'],
      ['reverse_0', 'confirm_0', 'done'],
      ['undo_before', 'before', 'done'],
    ]);
    expect(holdsOf(ledger)).toEqual(['reversed', 'cancelled', 'cancelled']);
  });

  it('reverses a confirm whose outcome stays unknown, because it may have happened', async () => {
    const { result, ledger, id } = await harness.runTcc({
      participants: [{ confirm: 'break_for_good' }, {}],
    });
    expect(result.steps[3]).toMatchObject({ step: 'confirm_0', state: 'unknown' });
    expect(called(ledger, id).slice(-3)).toEqual(['cancel_1', 'reverse_0', 'undo_before']);
    expect(holdsOf(ledger)).toEqual(['reversed', 'cancelled']);
  });

  it('reverses everything, in reverse, when a later step of the saga fails', async () => {
    const { result, ledger, id } = await harness.runTcc({ participants: [{}, {}], after: 'refuse' });
    expect(result.failure).toMatchObject({ code: 'refused', step: 'after' });
    expect(called(ledger, id).slice(-3)).toEqual(['reverse_1', 'reverse_0', 'undo_before']);
    expect(undoneBy(result)).toEqual([
      ['reverse_1', 'confirm_1', 'done'],
      ['reverse_0', 'confirm_0', 'done'],
      ['undo_before', 'before', 'done'],
    ]);
    expect(holdsOf(ledger)).toEqual(['reversed', 'reversed']);
  });

  it('addresses all participants at once when told to, in every phase', async () => {
    const meet = { try: 'meet', confirm: 'meet' } as const;
    const completed = await harness.runTcc({ participants: [meet, meet], order: 'parallel' });
    expect(completed.result.phase).toBe('completed');

    const participants = [
      { try: 'meet', cancel: 'meet' },
      { try: 'refuse' },
      { try: 'meet', cancel: 'meet' },
      { try: 'break' },
    ] as const;
    const { result, ledger, id } = await harness.runTcc({ participants, order: 'parallel' });
    // The first in the declared order decides, whoever answers first.
    expect(result.failure).toMatchObject({ code: 'refused', step: 'try_1' });
    expect(
      called(ledger, id)
        .filter((call) => call.startsWith('cancel'))
        .sort(),
    ).toEqual(['cancel_0', 'cancel_2', 'cancel_3']);
    expect(holdsOf(ledger).every((state) => state === 'cancelled')).toBe(true);
  });

  it('waits for every confirm when one of those under way at once is refused, then reverses and cancels', async () => {
    const { result, ledger } = await harness.runTcc({
      participants: [{ confirm: 'refuse' }, { confirm: 'fail_five_times' }],
      order: 'parallel',
    });
    expect(result.failure).toMatchObject({ step: 'confirm_0' });
    expect(holdsOf(ledger)).toEqual(['cancelled', 'reversed']);
  });

  describe('when it is cancelled', () => {
    it.each(['cancel', 'cancel_workflow'] as const)(
      'during a try (%s): cancels what is held and tries nobody else',
      async (behaviour) => {
        const { result, ledger, id } = await harness.runTcc({ participants: [{ try: behaviour }, {}] });
        expect(result.phase).toBe('cancelled');
        expect(called(ledger, id)).toEqual(['before', 'try_0', 'cancel_0', 'undo_before']);
        expect(holdsOf(ledger)).toEqual(['cancelled']);
      },
    );

    it.each(['cancel', 'cancel_workflow'] as const)(
      'during the last try (%s): the decision has not fallen, nobody confirms',
      async (behaviour) => {
        const { result, ledger, id } = await harness.runTcc({ participants: [{}, { try: behaviour }] });
        expect(result.phase).toBe('cancelled');
        expect(statesOf(result)).toEqual(['done', 'done', 'done', 'skipped', 'skipped']);
        expect(called(ledger, id).slice(-3)).toEqual(['cancel_1', 'cancel_0', 'undo_before']);
        expect(holdsOf(ledger)).toEqual(['cancelled', 'cancelled']);
      },
    );

    it.each(['cancel', 'cancel_workflow'] as const)(
      'during a confirm (%s): all confirm, then all is reversed, never half of it',
      async (behaviour) => {
        const { result, ledger, id } = await harness.runTcc({
          participants: [{ confirm: behaviour }, { confirm: 'flaky' }],
          after: 'ok',
        });
        expect(result.phase).toBe('cancelled');
        expect(called(ledger, id).slice(3)).toEqual([
          'confirm_0',
          'confirm_1',
          'confirm_1',
          'reverse_1',
          'reverse_0',
          'undo_before',
        ]);
        expect(holdsOf(ledger)).toEqual(['reversed', 'reversed']);
      },
    );

    it('while it cancels: goes on shielded', async () => {
      const { result, ledger } = await harness.runTcc({
        participants: [{ cancel: 'flaky' }, { cancel: 'cancel_workflow' }, { try: 'refuse' }],
      });
      expect(result.phase).toBe('failed');
      expect(holdsOf(ledger)).toEqual(['cancelled', 'cancelled']);
    });

    it('before it: touches nobody', async () => {
      const { result, ledger, id } = await harness.runTcc({ participants: [{}, {}], before: 'cancel' });
      expect(result.phase).toBe('cancelled');
      expect(called(ledger, id)).toEqual(['before', 'undo_before']);
      expect(statesOf(result).slice(1)).toEqual(['skipped', 'skipped', 'skipped', 'skipped']);
    });
  });

  it('runs every cancel although one fails, and reports all failures with the original one', async () => {
    const { result, ledger } = await harness.runTcc({
      participants: [{ cancel: 'break' }, { cancel: 'refuse' }, {}, { try: 'refuse' }],
    });
    expect(result.failure?.step).toBe('try_3');
    expect(result.compensationErrors.map(({ step, code }) => [step, code])).toEqual([
      ['cancel_1', 'refused'],
      ['cancel_0', 'broken'],
    ]);
    expect(holdsOf(ledger)).toEqual(['held', 'held', 'cancelled']);
  });

  it('parks what it cannot cancel or reverse, with everything else undone, until somebody retries or skips', async () => {
    const handle = await harness.startTcc({
      participants: [{ reverse: 'refuse' }, { confirm: 'refuse', cancel: 'refuse' }, {}],
      park: true,
    });
    const parked = await eventually(
      () => handle.query(kitState),
      ({ phase }) => phase === 'parked',
      'parked',
    );
    expect(parked.compensations.map(({ step, state }) => [step, state])).toEqual([
      ['cancel_2', 'done'],
      ['cancel_1', 'failed'],
      ['reverse_0', 'failed'],
      ['undo_before', 'done'],
    ]);
    await handle.signal(kitRetry, 'cancel_1');
    await eventually(
      () => handle.query(kitState),
      ({ phase, compensations }) => phase === 'parked' && compensations[1]?.attempts === 2,
      'parked again after a retry that failed',
    );
    await handle.signal(kitSkip, 'cancel_1');
    harness.world.repaired = true;
    await handle.signal(kitRetry, undefined);
    const result = await handle.result();
    expect(result.phase).toBe('failed');
    expect(undoneBy(result)).toEqual([
      ['cancel_2', 'try_2', 'done'],
      ['cancel_1', 'try_1', 'skipped'],
      ['reverse_0', 'confirm_0', 'done'],
      ['undo_before', 'before', 'done'],
    ]);
    expect(holdsOf(harness.world.ledger(handle.workflowId))).toEqual(['reversed', 'held', 'cancelled']);
  });

  it('fails the saga even when its body catches the failure: somebody has to give back what is held', async () => {
    const { result, ledger } = await harness.runTcc({
      participants: [{}, { try: 'refuse' }],
      after: 'ok',
      swallow: true,
    });
    expect(result.phase).toBe('failed');
    expect(holdsOf(ledger)).toEqual(['cancelled']);
    expect([...ledger.standing]).toEqual([]);
  });
});
