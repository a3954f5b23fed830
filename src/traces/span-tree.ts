import type { StoredSpan } from '../telemetry/stored-span';

/** A span with the spans below it, in the order of their start. */
export interface SpanNode {
  readonly span: StoredSpan;
  readonly children: readonly SpanNode[];
}

/**
 * The trees that `spans` form; one for a complete trace. A span whose parent is not among them is a root.
 *
 * @param keep spans to show; those below one that is left out move up to the nearest one that is kept.
 */
export function spanTrees(
  spans: readonly StoredSpan[],
  keep: (span: StoredSpan) => boolean = () => true,
): SpanNode[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const childrenOf = new Map<string | undefined, StoredSpan[]>();
  for (const span of spans.filter(keep).sort(byStart)) {
    let parent = parentOf(span, byId);
    while (parent !== undefined && !keep(parent)) parent = parentOf(parent, byId);
    const siblings = childrenOf.get(parent?.spanId);
    if (siblings === undefined) childrenOf.set(parent?.spanId, [span]);
    else siblings.push(span);
  }
  const nodes = (id: string | undefined): SpanNode[] =>
    (childrenOf.get(id) ?? []).map((span) => ({ span, children: nodes(span.spanId) }));
  return nodes(undefined);
}

function parentOf(span: StoredSpan, byId: ReadonlyMap<string, StoredSpan>): StoredSpan | undefined {
  return span.parentSpanId === undefined ? undefined : byId.get(span.parentSpanId);
}

function byStart(a: StoredSpan, b: StoredSpan): number {
  const difference = BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
