import { describe, expect, it } from '@jest/globals';
import { ORDER_STATUSES } from '../../src/domain/order';
import { PART_NAMES } from '../../src/stack/start-part';
import { queriesOf, readDashboard } from '../support/ops/grafana-dashboard';
import { LABELS, METRICS } from '../../src/telemetry/metric-names';
import { documentedMetrics, metricOf } from '../support/ops/metrics-doc';
import { allRules, isAlert, nameOf } from '../support/ops/prometheus-rules';
import type { Selector } from '../support/ops/promql';
import { selectorsIn } from '../support/ops/promql';

/** What the document calls a metric that nobody looks at. */
const NOT_USED = '(not on the dashboard)';

/** What comes with every scrape, and their possible values. */
const SCRAPE_LABELS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['job', new Set(['durable-orders'])],
  ['instance', new Set<string>()],
  ['part', new Set<string>(PART_NAMES)],
]);

const DOCUMENTED = documentedMetrics();

/** What the parts serve, but for what Temporal's SDK adds. */
const OURS = [...DOCUMENTED.values()].filter(
  ({ name, servedBy }) => servedBy.size > 0 && !name.startsWith('temporal_'),
);

/** OpenTelemetry's name as Prometheus has it, but for the unit behind it. */
const inPrometheus = (name: string) => name.replaceAll('.', '_');

const USES = [
  ...allRules().map((rule) => ({ where: nameOf(rule), expr: rule.expr })),
  ...queriesOf(readDashboard()),
].flatMap(({ where, expr }) => selectorsIn(expr).map((selector) => ({ where, selector })));

/** A label's possible values; none, where any value is possible. What Prometheus records has those of what it is made of. */
function possibleValues(series: string, label: string): ReadonlySet<string> {
  const own = SCRAPE_LABELS.get(label) ?? metricOf(series, DOCUMENTED)?.labels.get(label) ?? new Set();
  const recorded = allRules().find((rule) => !isAlert(rule) && nameOf(rule) === series);
  if (own.size > 0 || recorded === undefined) return own;
  const sources = selectorsIn(recorded.expr).map(({ metric }) => possibleValues(metric, label));
  return sources.some(({ size }) => size === 0)
    ? new Set()
    : new Set(sources.flatMap((values) => [...values]));
}

/** Which labels of a selector the document does not know, and which values. */
function unknownIn({ metric: series, matchers, groupedBy }: Selector): string[] {
  const metric = metricOf(series, DOCUMENTED);
  if (metric === undefined) return [series];
  const labels = new Set([...SCRAPE_LABELS.keys(), ...metric.labels.keys()]);
  if (series.endsWith('_bucket')) labels.add('le');
  const names = [...groupedBy, ...matchers.map(({ label }) => label)].filter((name) => !labels.has(name));
  const values = matchers.flatMap(({ label, operator, value }) => {
    const possible = possibleValues(series, label);
    if (possible.size === 0) return [];
    // Each alternative of a regular expression has to match something.
    const patterns = operator === '=~' ? value.split('|') : [value];
    return patterns
      .filter((pattern) => {
        const matcher = operator === '=~' ? new RegExp(`^(?:${pattern})$`) : undefined;
        return ![...possible].some((one) => matcher?.test(one) ?? one === pattern);
      })
      .map((pattern) => `${label} ${pattern}`);
  });
  return [...names, ...values];
}

describe('docs/metrics.md', () => {
  it('has every metric, label and value that a rule or the dashboard asks for', () => {
    const unknown = USES.flatMap(({ where, selector }) =>
      unknownIn(selector).map((what) => `${where}: ${selector.metric} ${what}`),
    );
    expect(unknown).toEqual([]);
  });

  it('has no metric that nobody looks at, unless it says so', () => {
    const used = new Set(USES.map(({ selector }) => metricOf(selector.metric, DOCUMENTED)?.name));
    const unused = [...DOCUMENTED.values()].filter(({ name }) => !used.has(name));
    expect(unused.filter(({ says }) => !says.endsWith(NOT_USED)).map(({ name }) => name)).toEqual([]);
    const usedAllTheSame = [...DOCUMENTED.values()].filter(
      ({ name, says }) => used.has(name) && says.endsWith(NOT_USED),
    );
    expect(usedAllTheSame).toEqual([]);
  });

  it('has every series that Prometheus records, and no other', () => {
    const recorded = allRules().filter((rule) => !isAlert(rule));
    const documented = [...DOCUMENTED.keys()].filter((name) => name.includes(':'));
    expect(documented.sort()).toEqual(recorded.map(nameOf).sort());
  });

  it("has the orders' states", () => {
    expect([...DOCUMENTED.get('orders_by_status')!.labels.get('order_status')!].sort()).toEqual(
      [...ORDER_STATUSES].sort(),
    );
  });

  it('has every metric of our own that the code has, and no other', () => {
    const names = OURS.map(({ name }) => name.replace(/_(total|seconds)$/, ''));
    expect(names.sort()).toEqual(Object.values(METRICS).map(inPrometheus).sort());
  });

  it('has every label of them that the code has, and no other', () => {
    const labels = new Set(OURS.flatMap(({ labels: own }) => [...own.keys()]));
    expect([...labels].sort()).toEqual(Object.values(LABELS).map(inPrometheus).sort());
  });

  it('has no label that could carry an id', () => {
    const ids = [...DOCUMENTED.values()].flatMap(({ labels }) =>
      [...labels.keys()].filter((label) => /(^|_)ids?$|customer|trace|run|workflow_id/.test(label)),
    );
    expect(ids).toEqual([]);
  });

  it('names what is counted as Prometheus wants it', () => {
    expect(OURS.filter(({ name, type }) => name.endsWith('_total') !== (type === 'counter'))).toEqual([]);
    expect(OURS.filter(({ name, type }) => name.endsWith('_seconds') !== (type === 'histogram'))).toEqual([]);
  });
});
