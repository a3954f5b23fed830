import type * as Promql from '@prometheus-io/lezer-promql' with { 'resolution-mode': 'import' };

// eslint-disable-next-line @typescript-eslint/no-require-imports -- it has CommonJS, but no types that say so
const { parser } = require('@prometheus-io/lezer-promql') as typeof Promql;

/** A node of Prometheus's own grammar for its query editors. */
export type PromqlNode = ReturnType<typeof parser.parse>['topNode'];

/** One series selector of an expression. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly LabelMatcher[];
  /** Labels that an aggregation around it keeps. */
  readonly groupedBy: readonly string[];
}

export interface LabelMatcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

/** @throws Error when it is no PromQL. */
export function parsePromql(expression: string): PromqlNode {
  const { topNode } = parser.parse(expression);
  for (const node of nodesIn(topNode)) {
    if (node.type.isError) {
      throw new Error(`No PromQL at ${String(node.from)}: ${expression}`);
    }
  }
  return topNode;
}

/** Every node of the tree, parents first. */
export function nodesIn(top: PromqlNode): PromqlNode[] {
  return [top, ...childrenOf(top).flatMap(nodesIn)];
}

export function childrenOf(node: PromqlNode): PromqlNode[] {
  const children: PromqlNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}

/** Every selector of `expression`. @throws Error when it is no PromQL. */
export function selectorsIn(expression: string): Selector[] {
  const text = (node: PromqlNode) => expression.slice(node.from, node.to);
  const visit = (node: PromqlNode, groupedBy: readonly string[]): Selector[] => {
    if (node.name === 'VectorSelector') {
      const metric = node.getChild('Identifier');
      if (metric === null) throw new Error(`A selector without a metric: ${text(node)}`);
      const matchers = nodesIn(node).filter(({ name }) => name === 'UnquotedLabelMatcher');
      return [
        { metric: text(metric), matchers: matchers.map((matcher) => matcherOf(matcher, text)), groupedBy },
      ];
    }
    const grouping = node.getChild('AggregateModifier');
    const labels = grouping === null ? [] : nodesIn(grouping).filter(({ name }) => name === 'LabelName');
    const inside = [...groupedBy, ...labels.map(text)];
    return childrenOf(node).flatMap((child) => visit(child, inside));
  };
  return visit(parsePromql(expression), []);
}

function matcherOf(node: PromqlNode, text: (node: PromqlNode) => string): LabelMatcher {
  const [label, operator, value] = childrenOf(node).map(text);
  if (label === undefined || operator === undefined || value === undefined) {
    throw new Error(`No matcher: ${text(node)}`);
  }
  return { label, operator, value: value.slice(1, -1) };
}
