import { readdirSync } from 'node:fs';
import { inRepository, readYaml } from './paths';

export const RULES_DIRECTORY = 'ops/prometheus/rules';
export const RULE_TESTS_DIRECTORY = 'ops/prometheus/tests';

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

export type Rule = AlertRule | RecordingRule;

/** A file of rules as Prometheus reads it. */
export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

/** Every file of rules by its name. */
export function ruleFiles(): ReadonlyMap<string, RuleFile> {
  const names = filesIn(RULES_DIRECTORY);
  return new Map(names.map((name) => [name, readYaml(`${RULES_DIRECTORY}/${name}`) as RuleFile]));
}

/** Every rule of every file. */
export function allRules(): Rule[] {
  return [...ruleFiles().values()].flatMap(({ groups }) => groups.flatMap(({ rules }) => rules));
}

export function isAlert(rule: Rule): rule is AlertRule {
  return 'alert' in rule;
}

export function nameOf(rule: Rule): string {
  return isAlert(rule) ? rule.alert : rule.record;
}

/** The files of promtool's unit tests, from the repository's root. */
export function ruleTests(): string[] {
  return filesIn(RULE_TESTS_DIRECTORY).map((name) => `${RULE_TESTS_DIRECTORY}/${name}`);
}

function filesIn(directory: string): string[] {
  return readdirSync(inRepository(directory)).filter((name) => name.endsWith('.yml'));
}
