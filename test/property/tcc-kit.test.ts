import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KitHarness } from '../support/kit-harness';
import type { KitParticipant, KitTccInput } from '../support/kit-tcc-workflow';
import type { Behaviour } from '../support/kit-workflows';

type Input = Pick<KitTccInput, 'participants' | 'before' | 'after'>;

const works = (behaviour: Behaviour = 'ok') =>
  behaviour !== 'refuse' && behaviour !== 'break' && behaviour !== 'lose_reply';
const cancels = (behaviour: Behaviour = 'ok') => behaviour === 'cancel' || behaviour === 'cancel_workflow';
const takesEffect = (behaviour: Behaviour = 'ok') => behaviour !== 'refuse' && behaviour !== 'break';

/** Something that happens to each participant in turn: whose part of it ends the phase, and how. */
function stopOf(behaviours: readonly (Behaviour | undefined)[]) {
  const at = behaviours.findIndex((behaviour) => !works(behaviour) || cancels(behaviour));
  return at < 0 ? undefined : { at, behaviour: behaviours[at] };
}

/** What the coordinator promises, worked out by hand from what each part was told to do. */
function expected({ participants, before, after }: Input) {
  const none = { undos: [] as string[], failing: [] as string[] };
  if (before !== undefined && !works(before)) {
    const undo = before === 'refuse' ? [] : ['undo_before'];
    return { phase: 'failed', undos: undo, failing: [] };
  }
  if (cancels(before)) return { phase: 'cancelled', ...none, undos: ['undo_before'] };

  const undoAll = (list: readonly (readonly [string, Behaviour | undefined])[], phase: string) => ({
    phase,
    undos: [...list.map(([name]) => name), 'undo_before'],
    failing: list.filter(([, behaviour]) => !works(behaviour)).map(([name]) => name),
  });
  const cancelOf = (index: number) => [`cancel_${String(index)}`, participants[index]?.cancel] as const;
  const reverseOf = (index: number) => [`reverse_${String(index)}`, participants[index]?.reverse] as const;
  const downFrom = (last: number) => Array.from({ length: last + 1 }, (_, index) => last - index);

  const tried = stopOf(participants.map((one) => one.try));
  if (tried !== undefined) {
    const last = tried.behaviour === 'refuse' ? tried.at - 1 : tried.at;
    return undoAll(downFrom(last).map(cancelOf), cancels(tried.behaviour) ? 'cancelled' : 'failed');
  }
  const last = participants.length - 1;
  const refusedAt = participants.findIndex(({ confirm }) => confirm === 'refuse');
  const confirming = refusedAt < 0 ? participants : participants.slice(0, refusedAt);
  const cancelled = confirming.some(({ confirm }) => cancels(confirm));
  if (refusedAt >= 0) {
    const undo = (index: number) => (index < refusedAt ? reverseOf(index) : cancelOf(index));
    return undoAll(downFrom(last).map(undo), cancelled ? 'cancelled' : 'failed');
  }
  const reverses = downFrom(last).map(reverseOf);
  if (cancelled) return undoAll(reverses, 'cancelled');
  if (after === undefined || (works(after) && !cancels(after))) return { phase: 'completed', ...none };
  const undone = undoAll(reverses, cancels(after) ? 'cancelled' : 'failed');
  return { ...undone, undos: [...(after === 'refuse' ? [] : ['undo_after']), ...undone.undos] };
}

const weighted = (...behaviours: Behaviour[]) =>
  fc.oneof(
    { weight: 5, arbitrary: fc.constant<Behaviour>('ok') },
    { weight: 3, arbitrary: fc.constantFrom(...behaviours) },
  );
const effect = weighted('flaky', 'refuse', 'lose_reply', 'break', 'cancel', 'cancel_workflow');
const participant: fc.Arbitrary<KitParticipant> = fc.record({
  try: effect,
  // Anything but a refusal is tried until it is known: what never answers would never end.
  confirm: weighted('flaky', 'lose_one_reply', 'refuse', 'cancel', 'cancel_workflow'),
  cancel: effect,
  reverse: effect,
});

describe('a TCC transaction, whatever fails and wherever it is cancelled', () => {
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

  it('confirms all, or cancels and reverses exactly what may have happened, and reports every failure', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record(
          {
            participants: fc.array(participant, { minLength: 1, maxLength: 4 }),
            before: weighted('refuse', 'lose_reply', 'cancel'),
            after: effect,
          },
          { requiredKeys: ['participants'] },
        ),
        async (input) => {
          const { result, ledger, id } = await harness.runTcc(input);
          const { phase, undos, failing } = expected(input);
          expect(result.phase).toBe(phase);
          expect(result.compensations.map(({ step }) => step)).toEqual(undos);
          expect(result.compensationErrors.map(({ step }) => step)).toEqual(failing);
          for (const [index, { cancel, reverse }] of input.participants.entries()) {
            const state = ledger.holds.get(`${id}/try_${String(index)}`);
            if (undos.includes(`cancel_${String(index)}`) && takesEffect(cancel))
              expect(state).toBe('cancelled');
            if (undos.includes(`reverse_${String(index)}`) && takesEffect(reverse))
              expect(state).toBe('reversed');
            if (phase === 'completed') expect(state).toBe('confirmed');
          }
          if (phase !== 'completed' && failing.length === 0) {
            const left = [...ledger.holds.values()].filter(
              (state) => state === 'held' || state === 'confirmed',
            );
            expect(left).toEqual([]);
            expect([...ledger.standing]).toEqual([]);
          }
        },
      ),
      { numRuns: 120 },
    );
  });

  it('keeps that promise when all are addressed at once, whatever fails and wherever it is cancelled', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(participant, { minLength: 2, maxLength: 4 }),
        weighted('refuse', 'cancel'),
        async (participants, after) => {
          const { result, ledger } = await harness.runTcc({ participants, after, order: 'parallel' });
          const wrong = participants.some((one) => !works(one.try) || !works(one.confirm));
          const cancelled = [...participants.flatMap((one) => [one.try, one.confirm]), after].some(cancels);
          if (wrong || after === 'refuse') expect(result.phase).not.toBe('completed');
          if (!wrong && !cancelled && after !== 'refuse') expect(result.phase).toBe('completed');
          const states = [...ledger.holds.values()];
          if (result.phase === 'completed') {
            expect(states).toEqual(participants.map(() => 'confirmed'));
            return;
          }
          // What is left is what could not be undone, and somebody was told of each.
          const left = states.filter((state) => state === 'held' || state === 'confirmed');
          const undone = result.compensations.filter(({ state }) => state === 'done').length;
          expect(left.length).toBeLessThanOrEqual(result.compensationErrors.length);
          expect(undone + result.compensationErrors.length).toBe(result.compensations.length);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('keeps that promise for every subset of parts that are refused, one after the other or all at once', async () => {
    const PARTS = ['try', 'confirm', 'cancel', 'reverse'] as const;
    // Bits: which parts of two participants are refused.
    const subsets = Array.from({ length: 2 ** (2 * PARTS.length) }, (_, bits) => bits);
    const participantOf = (bits: number): KitParticipant =>
      Object.fromEntries(PARTS.filter((_, bit) => (bits >> bit) & 1).map((part) => [part, 'refuse']));
    const run = async (bits: number, order: 'sequential' | 'parallel') => {
      const participants = [participantOf(bits & 15), participantOf(bits >> 4)];
      const { result, ledger } = await harness.runTcc({ participants, order });
      const anyRefused = participants.some((one) => one.try !== undefined || one.confirm !== undefined);
      expect(result.phase).toBe(anyRefused ? 'failed' : 'completed');
      const left = [...ledger.holds.values()].filter((state) => state === 'held' || state === 'confirmed');
      const failed = result.compensationErrors.length;
      // All of it, or nothing but what the caller was told of.
      expect(left).toHaveLength(anyRefused ? failed : participants.length);
    };
    for (const order of ['sequential', 'parallel'] as const) {
      for (let next = 0; next < subsets.length; next += 16) {
        await Promise.all(subsets.slice(next, next + 16).map((bits) => run(bits, order)));
      }
    }
  });
});
