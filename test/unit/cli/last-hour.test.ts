import picocolors from 'picocolors';
import { describe, expect, it } from '@jest/globals';
import { renderLastHour } from '../../../src/cli/doctor/last-hour';
import { signalsOf } from '../../../src/orders/last-hour/signals';

const screen = { colours: picocolors.createColors(false) };

describe('the last hour for people', () => {
  it('has a line for each signal, and for what is wrong the section of the runbook', () => {
    const signals = signalsOf({
      ended: { completed: 1200, failed: 250, cancelled: 0 },
      unfinished: 0,
      compensations: { done: 400, failed: 0, of: 250, read: 200 },
      seconds: { values: [0.31], of: 1, read: 1 },
      waiting: 0,
    });
    expect(renderLastHour({ signals }, screen).split('\n')).toEqual([
      'The last hour:',
      'ok    success rate                82.8 %',
      'warn  compensation rate           17.2 % → docs/runbook.md#sagacompensationratehigh',
      'ok    compensation success rate   100.0 % (the newest 200 of 250 orders)',
      'ok    duration, p95               0.31 s',
      'ok    orders that need attention  0',
    ]);
  });

  it('says that there were no orders', () => {
    const nothing = { of: 0, read: 0 };
    const signals = signalsOf({
      ended: { completed: 0, failed: 0, cancelled: 0 },
      unfinished: 0,
      compensations: { done: 0, failed: 0, ...nothing },
      seconds: { values: [], ...nothing },
      waiting: 0,
    });
    const text = renderLastHour({ signals }, screen);
    expect(text).toMatch(/^-- {4}success rate +no orders$/m);
    expect(text).not.toMatch(/NaN|null|undefined/);
  });

  it('says why nobody knows, without what could move a cursor', () => {
    expect(renderLastHour({ unknown: 'temporal: gone\u001b[2J' }, screen)).toBe(
      'The last hour: unknown (temporal: gone [2J)',
    );
  });
});
