import type { OrderView } from '../../domain/order';
import type { OrderSummary } from '../../orders/order-summary';
import { ATTR } from '../../telemetry/semconv';
import type { StoredSpan } from '../../telemetry/stored-span';
import { isBusinessSpan, isUndoingSpan } from '../../traces/business-spans';
import { orderSpans } from '../../traces/order-spans';
import { spanTrees } from '../../traces/span-tree';
import type { SpanNode } from '../../traces/span-tree';
import { isOver } from './order-page-model';
import type { Interval } from './time-scale';

/** `open`: no end was recorded of what cannot be running any more. */
export type RowState = 'done' | 'failed' | 'running' | 'open' | 'unset';

/** One span of the business's story, ready to be drawn. */
export interface WaterfallRow extends Interval {
  readonly spanId: string;
  readonly label: string;
  /** How far below the root. */
  readonly depth: number;
  readonly state: RowState;
  readonly undoing: boolean;
  /** Concluded by a repair from the order's history, not measured. */
  readonly reconstructed: boolean;
  /** Why it failed. */
  readonly message?: string;
  /** Indexes of the rows that it is linked to: what a compensation undoes. */
  readonly linkedTo: readonly number[];
  readonly hasChildren: boolean;
}

/** The order's business spans from top to bottom, in the order of their start; times count from the first. */
export function waterfallRows(
  spans: readonly StoredSpan[],
  order: OrderView | OrderSummary,
  now: Date,
): WaterfallRow[] {
  const nodes = spanTrees(orderSpans(spans, order), isBusinessSpan).flatMap((tree) => flatten(tree, 0));
  const starts = nodes.map(({ span }) => BigInt(span.startTimeUnixNano));
  const origin = starts.reduce((a, b) => (b < a ? b : a), starts[0] ?? 0n);
  const sinceOrigin = (nano: bigint) => Number(nano - origin) / 1e6;
  const over = isOver(order);
  const indexes = new Map(nodes.map(({ span }, index) => [span.spanId, index]));
  const rounds = new Map<string, number>();
  return nodes.map(({ span, depth, children }): WaterfallRow => {
    const round = (rounds.get(span.name) ?? 0) + 1;
    rounds.set(span.name, round);
    const from = sinceOrigin(BigInt(span.startTimeUnixNano));
    const { message } = span.status;
    return {
      spanId: span.spanId,
      label: span.name.replace(/^(Step|Compensation): /, '') + (round > 1 ? `, round ${String(round)}` : ''),
      depth,
      state: stateOf(span, over),
      undoing: isUndoingSpan(span),
      reconstructed: span.attributes[ATTR.sagaReconstructed] === true,
      ...(span.status.code === 'ERROR' && message !== undefined && { message }),
      from,
      to: Math.max(from, sinceOrigin(endOf(span, over ? undefined : now))),
      linkedTo: span.links.flatMap(({ spanId }) => indexes.get(spanId) ?? []),
      hasChildren: children.length > 0,
    };
  });
}

interface FlatNode extends SpanNode {
  readonly depth: number;
}

function flatten(node: SpanNode, depth: number): FlatNode[] {
  return [{ ...node, depth }, ...node.children.flatMap((child) => flatten(child, depth + 1))];
}

/** What runs has no end yet: its end in the store is when it was last written down. */
function endOf({ running, endTimeUnixNano }: StoredSpan, now: Date | undefined): bigint {
  const written = BigInt(endTimeUnixNano);
  if (now === undefined) return written;
  const until = BigInt(now.getTime()) * 1_000_000n;
  return running === true && until > written ? until : written;
}

function stateOf({ running, status }: StoredSpan, over: boolean): RowState {
  if (running === true) return over ? 'open' : 'running';
  return status.code === 'OK' ? 'done' : status.code === 'ERROR' ? 'failed' : 'unset';
}
