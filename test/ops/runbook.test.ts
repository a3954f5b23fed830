import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { configVariables } from '../../src/config/config';
import { orderWorkflowId } from '../../src/domain/ids';
import { isPartName } from '../../src/stack/start-part';
import { json, orders } from '../support/cli';
import { eventually } from '../support/eventually';
import { readDashboard } from '../support/ops/grafana-dashboard';
import { documentedMetrics, metricOf } from '../support/ops/metrics-doc';
import { inRepository, readText } from '../support/ops/paths';
import { selectorsIn } from '../support/ops/promql';
import { TestStack } from '../support/stack';

const RUNBOOK = readText('docs/runbook.md');

/** Every `orders …` that the runbook says, as words. */
const COMMANDS = [...new Set([...RUNBOOK.matchAll(/`orders ([a-z][^`]*)`/g)].map(([, words = '']) => words))];

/** The order that waits for an operator. */
const WAITING = 'waits-for-somebody';

describe('the runbook', () => {
  let stack: TestStack;

  beforeAll(async () => {
    stack = await TestStack.start();
    const place = (...flags: string[]) => orders(['start', '--sample', ...flags], stack.environment);
    await place('--payment', 'pm_card_declined');
    const parked = ['--order-id', WAITING, '--payment', 'pm_card_refund_fails', '--country', 'AQ'];
    expect((await place(...parked)).stdout).toContain('needs_attention');
  });
  afterAll(() => stack.stop());

  /** As the runbook has it, of the order that waits. */
  const run = (words: string) => {
    const args = [...words.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word);
    return orders(
      args.map((arg) => (arg === 'ID' ? WAITING : arg)),
      stack.environment,
    );
  };

  const isListed = () =>
    eventually(
      () => run('attention --json'),
      ({ stdout }) => stdout.includes(WAITING),
      'it is listed',
    );

  // In the order of the document: what is skipped in the end has been retried before.
  it.each(COMMANDS)('says `orders %s`, which does what it should', async (words) => {
    // Temporal's list lags behind the retry before.
    if (words.startsWith('retry --all')) await isListed();
    const { code, stdout, stderr } = await run(words);
    // The refund is refused again.
    const expected = words.startsWith('retry ') ? 1 : 0;
    expect({ code, stdout, stderr }).toMatchObject({
      code: expected,
      stderr: expect.not.stringMatching(/^error/m),
    });
    if (/^(status|retry|skip|attention)\b/.test(words)) expect(stdout).toContain(WAITING);
    expect(stdout).not.toBe('');
  });

  it('promises that nothing waits, and the audit is content, when everything is settled', async () => {
    expect(COMMANDS.some((words) => words.startsWith('skip '))).toBe(true);
    await eventually(
      () => run('attention --json'),
      (result) => json<{ orders: unknown[] }>(result).orders.length === 0,
      'nothing waits',
    );
    expect(await run('audit')).toMatchObject({ code: 0, stdout: expect.stringContaining('Given up') });
  });

  it('asks Prometheus what Prometheus understands', () => {
    const queries = [...RUNBOOK.matchAll(/```promql\n([^`]*)```/g)].map(([, query = '']) => query);
    expect(queries.length).toBeGreaterThan(0);
    const documented = documentedMetrics();
    for (const { metric, matchers, groupedBy } of queries.flatMap(selectorsIn)) {
      const labels = [...matchers.map(({ label }) => label), ...groupedBy];
      const known = metricOf(metric, documented)?.labels;
      expect(labels.filter((label) => known?.has(label) !== true)).toEqual([]);
    }
  });

  it('names rules of the audit that there are', () => {
    const named = [...RUNBOOK.matchAll(/`((?:hold|orphan|money|stock|nothing)_\w+|interrupted)`/g)];
    expect(named.length).toBeGreaterThan(1);
    const rules = readText('src/orders/audit/report.ts');
    expect(named.filter(([, rule = '']) => !rules.includes(`'${rule}'`))).toEqual([]);
  });

  it('names parts and workflows as they are called', () => {
    const parts = [...RUNBOOK.matchAll(/`npm start -- (\S+)`/g)].map(([, part = '']) => part);
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.filter((part) => !isPartName(part))).toEqual([]);
    const workflows = [...RUNBOOK.matchAll(/--workflow-id (\S+)`/g)].map(([, id]) => id);
    expect(new Set(workflows)).toEqual(new Set([orderWorkflowId('ID')]));
    expect(/npx jest (\S+)`/.exec(RUNBOOK)?.[1]).toBe('test/replay');
    expect(readdirSync(inRepository('test/replay'))).toContain('replay.test.ts');
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
