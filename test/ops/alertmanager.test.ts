import { describe, expect, it } from '@jest/globals';
import { readYaml } from '../support/ops/paths';
import { allRules, isAlert } from '../support/ops/prometheus-rules';
import { amtool } from '../support/ops/prometheus-tools';

const FILE = 'ops/alertmanager/alertmanager.yml';
const RECEIVERS: Readonly<Record<string, string>> = { critical: 'on-call', warning: 'operators' };

describe("the Alertmanager's example", () => {
  it('is taken by the Alertmanager', async () => {
    expect(await amtool('check-config', FILE)).toMatchObject({ code: 0 });
  });

  it.each(allRules().filter(isAlert))('sends $alert to who is meant', async ({ alert, labels }) => {
    const { severity = '' } = labels;
    const route = await amtool(
      'config',
      'routes',
      'test',
      `--config.file=${FILE}`,
      `--verify.receivers=${RECEIVERS[severity]!}`,
      `alertname=${alert}`,
      `severity=${severity}`,
    );
    expect(route).toMatchObject({ code: 0 });
  });

  it('silences no alert by one that there is not', () => {
    const names = new Set(
      allRules()
        .filter(isAlert)
        .map(({ alert }) => alert),
    );
    const { inhibit_rules: rules } = readYaml(FILE) as {
      inhibit_rules: { source_matchers: string[]; target_matchers: string[] }[];
    };
    const matchers = rules.flatMap((rule) => [...rule.source_matchers, ...rule.target_matchers]);
    const named = matchers.flatMap(
      (matcher) => /^alertname\s*=~?\s*"?([^"]+)"?$/.exec(matcher)?.[1]?.split('|') ?? [],
    );
    expect(named.length).toBeGreaterThanOrEqual(2 * rules.length);
    expect(named.filter((name) => !names.has(name))).toEqual([]);
  });
});
