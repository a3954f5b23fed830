import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import { readYaml } from '../support/ops/paths';
import type { Rule } from '../support/ops/prometheus-rules';
import { allRules, isAlert, nameOf, ruleFiles, ruleTests } from '../support/ops/prometheus-rules';
import { promtool } from '../support/ops/prometheus-tools';
import { mutantsOf } from '../support/ops/promql-mutants';
import { temporaryDirectories } from '../unit/telemetry/temporary-directory';

/** Every other mistake in one run of the tests, the rest in the next; `PROMETHEUS_MUTANTS=all`: each of them. */
const ALL = process.env['PROMETHEUS_MUTANTS'] === 'all';
const PARITY = Date.now() % 2;

/** A rule that is wrong, and how. */
interface WrongRule {
  readonly what: string;
  readonly rule: Rule;
}

function wrongRules(rule: Rule): WrongRule[] {
  const wrong = mutantsOf(rule.expr).map(({ what, expression }) => ({
    what,
    rule: { ...rule, expr: expression },
  }));
  if (!isAlert(rule))
    return [...wrong, { what: 'twice as much', rule: { ...rule, expr: `2 * (${rule.expr})` } }];
  const never = { what: 'never fires', rule: { ...rule, expr: 'vector(0) == 1' } };
  if (rule.for === undefined) return [...wrong, never];
  const { for: _, ...atOnce } = rule;
  const late = { ...rule, for: `${String(2 * Number.parseInt(rule.for, 10))}m` };
  return [...wrong, never, { what: 'fires at once', rule: atOnce }, { what: 'fires late', rule: late }];
}

/** A file of promtool's tests. */
interface TestFile {
  readonly tests: readonly { readonly name: string }[];
}

/**
 * A test of a rule that a wrong rule passes is worth nothing: each rule is made wrong in every small way, and each
 * time promtool must say so.
 */
describe('the tests of the rules find each mistake in', () => {
  const directory = temporaryDirectories();

  /** Whether the tests that speak of the rule pass with `wrong` in its place. */
  async function passes(wrong: Rule): Promise<boolean> {
    const copy = directory();
    for (const folder of ['rules', 'tests']) mkdirSync(path.join(copy, folder));
    for (const [name, { groups }] of ruleFiles()) {
      const changed = groups.map((group) => ({
        ...group,
        rules: group.rules.map((rule) => (nameOf(rule) === nameOf(wrong) ? wrong : rule)),
      }));
      writeFileSync(path.join(copy, 'rules', name), stringify({ groups: changed }));
    }
    const files = ruleTests().flatMap((file) => {
      const whole = readYaml(file) as TestFile;
      const tests = whole.tests.filter((test) => JSON.stringify(test).includes(nameOf(wrong)));
      const name = path.join(copy, 'tests', path.basename(file));
      if (tests.length === 0) return [];
      writeFileSync(name, stringify({ ...whole, tests }));
      return [name];
    });
    expect(files).not.toEqual([]);
    const { code } = await promtool('test', 'rules', ...files);
    return code === 0;
  }

  it.each(allRules().map(nameOf))('%s', async (name) => {
    const rule = allRules().find((candidate) => nameOf(candidate) === name)!;
    expect(await passes(rule)).toBe(true);
    const overlooked: string[] = [];
    const planted = wrongRules(rule).filter((_, index) => ALL || index % 2 === PARITY);
    for (const { what, rule: wrong } of planted) if (await passes(wrong)) overlooked.push(what);
    expect(overlooked).toEqual([]);
  });
});
