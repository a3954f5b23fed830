import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import { DASHBOARD, queriesOf, readDashboard } from '../support/ops/grafana-dashboard';
import { readText, readYaml } from '../support/ops/paths';
import { promtool } from '../support/ops/prometheus-tools';
import { temporaryDirectories } from '../unit/telemetry/temporary-directory';

type Grid = ReturnType<typeof readDashboard>['panels'][number]['gridPos'];

const overlap = (a: Grid, b: Grid) =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

describe('the dashboard', () => {
  const directory = temporaryDirectories();
  const dashboard = readDashboard();

  /** Whether Prometheus itself understands every query. */
  const understood = async (queries: readonly { readonly expr: string }[]) => {
    const file = path.join(directory(), 'queries.yml');
    const rules = queries.map(({ expr }, index) => ({ record: `query:${String(index)}`, expr }));
    writeFileSync(file, stringify({ groups: [{ name: 'queries', rules }] }));
    return promtool('check', 'rules', file);
  };

  it('has panels with an id each, next to each other', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
    const overlapping = dashboard.panels.flatMap((a, index) =>
      dashboard.panels
        .slice(index + 1)
        .flatMap((b) => (overlap(a.gridPos, b.gridPos) ? [[a.title, b.title]] : [])),
    );
    expect(overlapping).toEqual([]);
  });

  it('asks what Prometheus understands', async () => {
    const queries = queriesOf(dashboard);
    expect(queries.length).toBeGreaterThan(30);
    expect(await understood(queries)).toMatchObject({ code: 0 });
    expect(await understood([...queries, { expr: 'sum(rate(saga_completed_total))' }])).toMatchObject({
      code: 1,
    });
  });

  it('has every variable that it uses', () => {
    const used = new Set([...readText(DASHBOARD).matchAll(/\$\{?(\w+)\}?/g)].map(([, name = '']) => name));
    // Grafana's own.
    used.delete('__rate_interval');
    used.delete('__all');
    expect([...used].sort()).toEqual(dashboard.templating.list.map(({ name }) => name).sort());
  });

  it('is found by the provisioning, with a data source', () => {
    const { providers } = readYaml('ops/grafana/provisioning/dashboards/orders.yml') as {
      providers: { type: string; options: { path: string } }[];
    };
    expect(providers).toMatchObject([{ type: 'file', options: { path: '/etc/grafana/dashboards' } }]);
    const { datasources } = readYaml('ops/grafana/provisioning/datasources/prometheus.yml') as {
      datasources: { type: string; url: string; isDefault: boolean; jsonData: { timeInterval: string } }[];
    };
    expect(datasources).toMatchObject([{ type: 'prometheus', url: '$PROMETHEUS_URL', isDefault: true }]);
    const { global } = readYaml('ops/prometheus/prometheus.yml') as { global: { scrape_interval: string } };
    expect(datasources[0]!.jsonData.timeInterval).toBe(global.scrape_interval);
  });
});
