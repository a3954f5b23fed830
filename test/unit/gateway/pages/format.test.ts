import { describe, expect, it } from '@jest/globals';
import { agoText, clockTime, durationText } from '../../../../src/gateway/pages/format';

describe('durations', () => {
  it.each([
    [0, '0 ms'],
    [0.44, '0.4 ms'],
    [14.4, '14 ms'],
    [999.4, '999 ms'],
    [999.6, '1.00 s'],
    [1250, '1.25 s'],
    [59_994, '59.99 s'],
    [59_996, '1 min'],
    [61_300, '1 min 1 s'],
    [3_599_600, '1 h'],
    [7_500_000, '2 h 5 min'],
    [86_399_999, '1 d'],
    [273_600_000, '3 d 4 h'],
  ])('shows %d ms as %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });

  it.each([
    [-5_000, 'just now'],
    [4_999, 'just now'],
    [12_000, '12 s ago'],
    [200_000, '3 min ago'],
    [7_300_000, '2 h ago'],
    [260_000_000, '3 d ago'],
  ])('says of %d ms since then: %s', (ms, text) => {
    const then = '2026-01-01T00:00:00.000Z';
    expect(agoText(then, new Date(Date.parse(then) + ms))).toBe(text);
  });
});

describe('times of day', () => {
  it('carry the exact moment, and the day only where it is another one', () => {
    const iso = '2026-01-02T10:15:00.034Z';
    expect(clockTime(iso, '2026-01-02T00:00:00.000Z').toString()).toBe(
      `<time datetime="${iso}">10:15:00.034</time>`,
    );
    expect(clockTime(iso, '2026-01-01T00:00:00.000Z').toString()).toContain('>2026-01-02 10:15:00.034<');
  });
});
