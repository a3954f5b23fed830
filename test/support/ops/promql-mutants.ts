import type { PromqlNode } from './promql';
import { childrenOf, nodesIn, parsePromql } from './promql';

/** An expression that says something else. */
export interface Mutant {
  readonly what: string;
  readonly expression: string;
}

/** Limits are moved by this part of themselves; one of zero by two. */
const SHIFT = 0.15;
const SHIFT_OF_ZERO = 2;

const LONGER_WINDOW = '30m';

/** Every operand left out, limit moved, label forgotten, aggregation swapped and window widened, one at a time. */
export function mutantsOf(expression: string): Mutant[] {
  const text = (node: PromqlNode) => expression.slice(node.from, node.to);
  const replace = (node: PromqlNode, replacement: string): Mutant => ({
    what: `${text(node)}  →  ${replacement}`,
    expression: expression.slice(0, node.from) + replacement + expression.slice(node.to),
  });
  return nodesIn(parsePromql(expression)).flatMap((node) => {
    switch (node.name) {
      case 'BinaryExpr':
        return withoutAnOperand(node, text, replace);
      case 'NumberDurationLiteral':
        return isLimit(node) ? movedLimits(node, text).map((limit) => replace(node, limit)) : [];
      case 'NumberDurationLiteralInDurationContext':
        return [replace(node, LONGER_WINDOW)];
      case 'LabelMatchers':
        return withoutOne(node, text, '{', '}').map((matchers) => replace(node, matchers));
      case 'GroupingLabels':
        return withoutOne(node, text, '(', ')').map((labels) => replace(node, labels));
      case 'AggregateOp':
        return [replace(node, text(node) === 'sum' ? 'min' : 'sum')];
      default:
        return [];
    }
  });
}

function withoutAnOperand(
  node: PromqlNode,
  text: (node: PromqlNode) => string,
  replace: (node: PromqlNode, replacement: string) => Mutant,
): Mutant[] {
  const left = childrenOf(node).at(0);
  const right = childrenOf(node).at(-1);
  return [left, right]
    .filter((side) => side !== undefined)
    .filter(({ name }) => name !== 'NumberDurationLiteral')
    .map((side) => replace(node, text(side)));
}

/** A number that something is compared with. */
function isLimit(node: PromqlNode): boolean {
  const comparison = node.prevSibling?.name ?? '';
  return ['Gtr', 'Gte', 'Lss', 'Lte', 'Eql', 'Neq'].includes(comparison);
}

function movedLimits(node: PromqlNode, text: (node: PromqlNode) => string): string[] {
  const limit = Number(text(node));
  return limit === 0
    ? [String(SHIFT_OF_ZERO), String(-SHIFT_OF_ZERO)]
    : [String(limit * (1 + SHIFT)), String(limit * (1 - SHIFT))];
}

function withoutOne(
  list: PromqlNode,
  text: (node: PromqlNode) => string,
  open: string,
  close: string,
): string[] {
  const items = childrenOf(list).map(text);
  return items.map((_, left) => `${open}${items.filter((__, index) => index !== left).join(', ')}${close}`);
}
