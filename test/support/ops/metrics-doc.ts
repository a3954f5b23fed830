import { readText } from './paths';

const DOC = 'docs/metrics.md';

/** A metric as docs/metrics.md has it. */
export interface DocumentedMetric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Its possible values, where the document has them. */
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>;
  readonly says: string;
}

/** Every metric of the tables, by its name. */
export function documentedMetrics(): ReadonlyMap<string, DocumentedMetric> {
  const metrics = new Map<string, DocumentedMetric>();
  for (const line of readText(DOC).split('\n')) {
    const [, name, type, , labels, , says] = line.split('|').map((cell) => cell.trim());
    const code = /^`([\w:]+)`$/.exec(name ?? '')?.[1];
    if (code === undefined) continue;
    if (metrics.has(code)) throw new Error(`${DOC} has ${code} twice`);
    if (type !== 'counter' && type !== 'gauge' && type !== 'histogram') {
      throw new Error(`${DOC}: ${code} is a ${String(type)}`);
    }
    metrics.set(code, { name: code, type, labels: labelsOf(labels ?? ''), says: says ?? '' });
  }
  return metrics;
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
