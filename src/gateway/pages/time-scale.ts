/** A stretch of time, ms since the beginning of the picture. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** A stretch in which nothing happened, drawn much shorter than it was. */
interface Cut extends Interval {
  /** Where it is drawn: fractions of the picture's width. */
  readonly left: number;
  readonly right: number;
}

interface Tick {
  readonly ms: number;
  readonly at: number;
}

/** Where moments are drawn: fractions of the picture's width, 0 to 1. */
export interface TimeScale {
  readonly at: (ms: number) => number;
  readonly ticks: readonly Tick[];
  readonly cuts: readonly Cut[];
}

/** A pause is cut when it is longer than this many times all work together, and than {@link MIN_CUT_MS}. */
const CUT_FACTOR = 2;
const MIN_CUT_MS = 1_000;
/** Of the picture's width. */
const CUT_WIDTH = 0.1;
const MAX_TICKS = 5;

/**
 * The scale on which `end` ms fit, with long pauses between `work` cut out: an order that has waited three days for
 * an operator still shows the half second in which everything happened.
 */
export function timeScale(work: readonly Interval[], end: number): TimeScale {
  const pauses = longPauses(work, end);
  const paused = pauses.reduce((sum, { from, to }) => sum + to - from, 0);
  const shown = Math.max(end - paused, 0.001);
  const width = 1 - pauses.length * CUT_WIDTH;
  const cuts = pauses.map((pause, index): Cut => {
    const pausedBefore = pauses.slice(0, index).reduce((sum, { from, to }) => sum + to - from, 0);
    const left = ((pause.from - pausedBefore) / shown) * width + index * CUT_WIDTH;
    return { ...pause, left, right: left + CUT_WIDTH };
  });
  const at = (ms: number) => {
    const bounded = Math.min(Math.max(ms, 0), end);
    const cut = cuts.findLast(({ from }) => from <= bounded);
    if (cut === undefined) return (bounded / shown) * width;
    if (bounded < cut.to) return cut.left + ((bounded - cut.from) / (cut.to - cut.from)) * CUT_WIDTH;
    return Math.min(cut.right + ((bounded - cut.to) / shown) * width, 1);
  };
  return { at, cuts, ticks: ticks(cuts[0]?.from ?? end, shown, at) };
}

function longPauses(work: readonly Interval[], end: number): Interval[] {
  const pauses: Interval[] = [];
  let busy = 0;
  let until = 0;
  for (const { from, to } of [...work].sort((a, b) => a.from - b.from)) {
    if (from > until) pauses.push({ from: until, to: from });
    busy += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  if (end > until) pauses.push({ from: until, to: end });
  const longest = Math.max(MIN_CUT_MS, CUT_FACTOR * busy);
  const long = pauses.filter(({ from, to }) => to - from > longest);
  // Where there was no work at all, there is nothing that a cut would make room for.
  return busy === 0 ? [] : long;
}

/** Round moments up to the first cut: what comes after it is told by how long the cut was. */
function ticks(end: number, shown: number, at: (ms: number) => number): Tick[] {
  const rough = shown / MAX_TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const count = Math.floor(end / step) + 1;
  return Array.from({ length: count }, (_, index) => ({ ms: index * step, at: at(index * step) }));
}
