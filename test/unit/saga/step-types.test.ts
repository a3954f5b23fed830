import { describe, expect, it } from '@jest/globals';
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
