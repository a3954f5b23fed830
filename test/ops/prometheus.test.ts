import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/config';
import { ALERT_LIMITS } from '../../src/orders/last-hour/signals';
import { PART_NAMES } from '../../src/stack/start-part';
import { readText, readYaml } from '../support/ops/paths';
import {
  allRules,
  isAlert,
  nameOf,
  RULES_DIRECTORY,
  ruleFiles,
  ruleTests,
} from '../support/ops/prometheus-rules';
import { promtool } from '../support/ops/prometheus-tools';

const ALERTS = allRules().filter(isAlert);

/** The anchor that a Markdown heading gets. */
const anchors = (markdown: string) =>
  [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title.toLowerCase().replaceAll(' ', '-'));

describe("Prometheus's configuration", () => {
  it('is taken by Prometheus, rules and all', async () => {
    expect(await promtool('check', 'config', 'ops/prometheus/prometheus.yml')).toMatchObject({ code: 0 });
    const files = [...ruleFiles().keys()].map((name) => `${RULES_DIRECTORY}/${name}`);
    expect(await promtool('check', 'rules', '--lint-fatal', ...files)).toMatchObject({ code: 0 });
  });

  it('scrapes every part on its default port', () => {
    const config = loadConfig({});
    const targets = readYaml('ops/prometheus/targets.yml') as {
      targets: string[];
      labels: { part: string };
    }[];
    const ports = new Map(targets.map(({ targets: [address], labels }) => [labels.part, address]));
    expect(Object.fromEntries(ports)).toEqual({
      ...Object.fromEntries(
        Object.entries(config.services).map(([name, { port }]) => [name, `127.0.0.1:${String(port)}`]),
      ),
      gateway: `127.0.0.1:${String(config.gateway.port)}`,
      worker: `127.0.0.1:${String(config.metricsPort)}`,
    });
    expect([...ports.keys()].sort()).toEqual([...PART_NAMES].sort());
  });
});

describe('the rules', () => {
  it.each(ruleTests())('hold what %s claims', async (file) => {
    expect(await promtool('test', 'rules', file)).toMatchObject({ code: 0 });
  });

  it('have a name each, and no two the same', () => {
    const names = allRules().map(nameOf);
    expect(names).toEqual([...new Set(names)]);
  });

  it.each(ALERTS.map(({ alert }) => alert))('%s says how bad it is, what it is, and what to do', (name) => {
    const { labels, annotations } = ALERTS.find(({ alert }) => alert === name)!;
    expect(['warning', 'critical']).toContain(labels['severity']);
    expect(Object.keys(annotations).sort()).toEqual(['description', 'runbook_url', 'summary']);
    const [file = '', anchor] = annotations['runbook_url']!.split('#');
    expect(file).toBe('docs/runbook.md');
    expect(anchor).toBe(name.toLowerCase());
    expect(anchors(readText(file))).toContain(anchor);
  });

  it.each(Object.entries(ALERT_LIMITS))('%s has the limit that `orders doctor` warns at', (name, limit) => {
    const { expr } = ALERTS.find(({ alert }) => alert === name)!;
    expect(expr).toMatch(new RegExp(` > ${String(limit)}$`));
  });

  it('leave no section of the runbook without an alert', () => {
    const sections = [...readText('docs/runbook.md').matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    expect(sections.sort()).toEqual(ALERTS.map(({ alert }) => alert).sort());
  });
});
