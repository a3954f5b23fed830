import { describe, expect, it } from '@jest/globals';
import { configVariables } from '../../src/config/config';
import { orders } from '../support/cli';
import { readDashboard } from '../support/ops/grafana-dashboard';
import { readText } from '../support/ops/paths';

const RUNBOOK = readText('docs/runbook.md');

/** Every `orders …` that the runbook says, as words. */
const COMMANDS = [...new Set([...RUNBOOK.matchAll(/`orders ([a-z][^`]*)`/g)].map(([, words = '']) => words))];

describe('the runbook', () => {
  it.each(COMMANDS)('says `orders %s`, which there is', async (words) => {
    const [command = '', ...rest] = words.split(' ');
    const { code, stdout } = await orders([command, '--help'], {});
    expect({ code, usage: stdout.split('\n')[0] }).toMatchObject({
      code: 0,
      usage: expect.stringMatching(new RegExp(`^Usage: orders ${command} `)),
    });
    for (const flag of rest.filter((word) => word.startsWith('--'))) expect(stdout).toContain(`${flag} `);
  });

  it('names variables that there are', () => {
    const variables = [...new Set(RUNBOOK.match(/\b(SAGA|WORKER|GATEWAY|METRICS|TRACE|DATA)_[A-Z_]+\b/g))];
    expect(variables.length).toBeGreaterThan(5);
    expect(variables.filter((name) => !configVariables().has(name))).toEqual([]);
  });

  it('names panels of the dashboard that there are', () => {
    const titles = readDashboard().panels.map(({ title }) => title);
    const named = [...RUNBOOK.matchAll(/(?<![\w*])_([A-Z][^_\n]+)_(?![\w*])/g)].map(
      ([, title = '']) => title,
    );
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((title) => !titles.includes(title))).toEqual([]);
  });
});
