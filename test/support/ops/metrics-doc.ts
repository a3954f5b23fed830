import type { PartName } from '../../../src/stack/start-part';
import { isPartName, PART_NAMES } from '../../../src/stack/start-part';
import { readText } from './paths';

const DOC = 'docs/metrics.md';

/** A metric as docs/metrics.md has it. */
export interface DocumentedMetric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Its possible values, where the document has them. */
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>;
  /** None, where it is Prometheus that makes it. */
  readonly servedBy: ReadonlySet<PartName>;
  readonly says: string;
}

/** How the document calls several parts at once. */
const PARTS_TOGETHER: ReadonlyMap<string, readonly PartName[]> = new Map([
  ['every part', PART_NAMES],
  ['services', PART_NAMES.filter((name) => name !== 'worker' && name !== 'gateway')],
  ['Prometheus', []],
]);

/** Every metric of the tables, by its name. */
export function documentedMetrics(): ReadonlyMap<string, DocumentedMetric> {
  const metrics = new Map<string, DocumentedMetric>();
  for (const line of readText(DOC).split('\n')) {
    const [, name, type, , labels, servedBy, says] = line.split('|').map((cell) => cell.trim());
    const code = /^`([\w:]+)`$/.exec(name ?? '')?.[1];
    if (code === undefined) continue;
    if (metrics.has(code)) throw new Error(`${DOC} has ${code} twice`);
    if (type !== 'counter' && type !== 'gauge' && type !== 'histogram') {
      throw new Error(`${DOC}: ${code} is a ${String(type)}`);
    }
    metrics.set(code, {
      name: code,
      type,
      labels: labelsOf(labels ?? ''),
      servedBy: partsOf(servedBy ?? ''),
      says: says ?? '',
    });
  }
  return metrics;
}

/** The metric that a series belongs to: a histogram has three kinds of series, all others one of its own name. */
export function metricOf(
  series: string,
  documented: ReadonlyMap<string, DocumentedMetric>,
): DocumentedMetric | undefined {
  const histogram = /^(.+)_(bucket|sum|count)$/.exec(series)?.[1];
  const metric = documented.get(histogram ?? series);
  return (metric?.type === 'histogram') === (histogram !== undefined) ? metric : undefined;
}

function partsOf(cell: string): ReadonlySet<PartName> {
  return new Set(
    cell.split(', ').flatMap((name): readonly PartName[] => {
      const parts = PARTS_TOGETHER.get(name) ?? (isPartName(name) ? [name] : undefined);
      if (parts === undefined) throw new Error(`${DOC}: no part is called ${name}`);
      return parts;
    }),
  );
}

/** `` `a`: `x`, `y`; `b` `` */
function labelsOf(cell: string): ReadonlyMap<string, ReadonlySet<string>> {
  const labels = new Map<string, ReadonlySet<string>>();
  for (const part of cell.split(';')) {
    const [name, ...values] = [...part.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
    if (name !== undefined) labels.set(name, new Set(values));
  }
  return labels;
}
