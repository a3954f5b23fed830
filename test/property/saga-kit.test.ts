import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KitHarness } from '../support/kit-harness';
import type { KitStep } from '../support/kit-workflows';

/** What the kit promises, worked out by hand from what each step was told to do. */
function expected(id: string, steps: readonly KitStep[]) {
  const stop = steps.findIndex(({ action }) => action !== 'ok' && action !== 'flaky');
  const last = steps[stop]?.action;
  const reached = stop < 0 ? steps : steps.slice(0, stop + 1);
  const toUndo = last === 'refuse' ? reached.slice(0, -1) : reached;
  const undoing = stop < 0 ? [] : toUndo.map((step, index) => ({ step, index })).reverse();
  const fails = ({ step }: { step: KitStep }) =>
    step.compensation === 'refuse' || step.compensation === 'break' || step.compensation === 'lose_reply';
  const takesEffect = ({ step }: { step: KitStep }) =>
    step.compensation !== 'refuse' && step.compensation !== 'break';
  return {
    phase: stop < 0 ? 'completed' : last === 'cancel' || last === 'cancel_workflow' ? 'cancelled' : 'failed',
    compensated: undoing.map(({ index }) => `undo_${String(index)}`),
    errors: undoing.filter(fails).map(({ index }) => `undo_${String(index)}`),
    undone: undoing.filter(takesEffect).map(({ index }) => `${id}/step_${String(index)}`),
  };
}

const step = fc.record({
  action: fc.constantFrom(
    'ok' as const,
    'ok' as const,
    'flaky' as const,
    'refuse' as const,
    'lose_reply' as const,
    'break' as const,
    'cancel' as const,
    'cancel_workflow' as const,
  ),
  compensation: fc.constantFrom(
    'ok' as const,
    'ok' as const,
    'flaky' as const,
    'refuse' as const,
    'break' as const,
    'lose_reply' as const,
    'cancel' as const,
    'cancel_workflow' as const,
  ),
});

describe('the saga kit, whatever fails and wherever it is cancelled', () => {
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

  it('undoes exactly once, in reverse, all that may have happened, and reports every failure', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 5 }), async (steps) => {
        const { result, ledger, id } = await harness.run({ steps });
        const { phase, compensated, errors, undone } = expected(id, steps);
        expect(result.phase).toBe(phase);
        expect(result.compensations.map((record) => record.step)).toEqual(compensated);
        expect(result.compensationErrors.map((error) => error.step)).toEqual(errors);
        expect(ledger.undone).toEqual(undone);
        const left = result.compensations.filter(({ state }) => state === 'failed').length;
        expect(left).toBe(errors.length);
        if (phase !== 'completed' && errors.length === 0) expect([...ledger.standing]).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});
