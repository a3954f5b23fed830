import { describe, expect, it } from '@jest/globals';
import type { Participant } from '../../../src/saga/participant';
import type { Saga } from '../../../src/saga/saga';
import type { StepWork } from '../../../src/saga/step';

interface Activities {
  book(key: string): Promise<string>;
}
type Work = StepWork<Activities, string>;
const action: Work['action'] = ({ activities, key }) => activities.book(key);
const compensate = () => Promise.resolve({ value: undefined, attempts: 1 });

describe('a step', () => {
  it('compiles only when it says how it is undone, in exactly one way', () => {
    const good: Work[] = [
      { action, compensate },
      { action, pivot: true },
      { action, noCompensation: 'reads only' },
    ];
    // @ts-expect-error -- it says nothing: `npm run typecheck` fails when this compiles
    const silent: Work = { action };
    // @ts-expect-error -- the point of no return cannot be undone
    const twofold: Work = { action, compensate, pivot: true };
    // @ts-expect-error -- none, but no reason either
    const unexplained: Work = { action, noCompensation: true };
    expect([...good, silent, twofold, unexplained]).toHaveLength(6);
  });
});

describe('a participant of a TCC', () => {
  const part = () => Promise.resolve({ value: 'seat 1', attempts: 1 });
  const names = { number: 1, name: 'try_seat', title: 'Try Seat' };
  const plan = { try: names, confirm: { ...names, name: 'confirm_seat' } };

  it('compiles only with all four parts, and its hold has the type that its try gives', () => {
    const good: Participant<Activities, string> = {
      plan,
      try: part,
      confirm: part,
      cancel: part,
      reverse: part,
    };
    // @ts-expect-error -- what is confirmed could never be undone
    const irreversible: Participant<Activities, string> = { plan, try: part, confirm: part, cancel: part };
    // @ts-expect-error -- the try gives a text
    const mistaken: Participant<Activities, number> = { ...good };
    expect([good, irreversible, mistaken]).toHaveLength(3);
  });

  it('gives the saga its hold, under its own name', () => {
    const transaction = async (saga: Saga<Activities>) => {
      const hold = await saga.tcc({
        seat: { plan, try: part, confirm: part, cancel: part, reverse: part },
      });
      // @ts-expect-error -- nobody of that name takes part
      return `${hold.seat.toUpperCase()} ${String(hold.table)}`;
    };
    expect(transaction).toBeDefined();
  });
});
