import { markdownTable } from './markdown';
import { median } from './measure';
import type { Round } from './measure';

/** What is measured, by its name in the tables. */
export const SUBJECT = {
  bare: 'bare workflow',
  bareLocal: 'bare workflow, local activities',
  plain: 'saga, not traced',
  traced: 'saga, traced',
  plainLocal: 'saga, local, not traced',
  tracedLocal: 'saga, local, traced',
  order: 'POST /orders, saga',
  orderLocal: 'POST /orders, saga, local',
  tcc: 'POST /orders, TCC',
} as const;

type SubjectKey = keyof typeof SUBJECT;

/** A ratio, and what it is held to. */
interface Target {
  readonly of: SubjectKey;
  readonly to: SubjectKey;
  readonly what: 'p50' | 'throughput' | 'p99 / p50, many at a time';
  readonly wanted?: readonly ['at most' | 'at least', number];
}

const TARGETS: readonly Target[] = [
  { of: 'traced', to: 'bare', what: 'p50', wanted: ['at most', 1.1] },
  { of: 'traced', to: 'bare', what: 'throughput', wanted: ['at least', 0.92] },
  { of: 'tracedLocal', to: 'bare', what: 'throughput', wanted: ['at least', 2] },
  { of: 'tracedLocal', to: 'bare', what: 'p50', wanted: ['at most', 0.55] },
  { of: 'tracedLocal', to: 'tracedLocal', what: 'p99 / p50, many at a time', wanted: ['at most', 2] },
  { of: 'tracedLocal', to: 'bareLocal', what: 'throughput', wanted: ['at least', 0.85] },
  { of: 'order', to: 'bare', what: 'p50', wanted: ['at most', 1.8] },
  { of: 'orderLocal', to: 'bare', what: 'p50', wanted: ['at most', 1.8] },
  { of: 'plain', to: 'bare', what: 'throughput' },
  { of: 'plainLocal', to: 'bareLocal', what: 'throughput' },
];

interface Measured {
  readonly name: string;
  readonly rounds: readonly Round[];
}

/** As Markdown: the median of the rounds' ratios, because a round's subjects had the same machine, and their range. */
export function targetTable(measured: readonly Measured[]): string {
  const roundsOf = (key: SubjectKey) => measured.find(({ name }) => name === SUBJECT[key])?.rounds ?? [];
  const rows = TARGETS.map((target) => {
    const { of, to, what, wanted } = target;
    const base = roundsOf(to);
    const ratios = roundsOf(of).map((round, index) => ratioOf(target, round, base[index] ?? round));
    const value = median(ratios);
    return [
      of === to ? SUBJECT[of] : `${SUBJECT[of]} / ${SUBJECT[to]}`,
      what,
      wanted === undefined ? '' : `${wanted[0]} ${wanted[1].toFixed(2)}`,
      `${value.toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
      wanted === undefined ? '' : isReached(value, wanted) ? 'yes' : '**no**',
    ];
  });
  const head = ['ratio', 'of', 'wanted', 'measured', 'reached'];
  return markdownTable(head, rows);
}

function isReached(value: number, [bound, wanted]: NonNullable<Target['wanted']>): boolean {
  return bound === 'at most' ? value <= wanted : value >= wanted;
}

function ratioOf({ what }: Target, round: Round, base: Round): number {
  if (what === 'p50') return round.p50 / base.p50;
  if (what === 'throughput') return round.perSecond / base.perSecond;
  return round.busyP99 / round.busyP50;
}
