import { TCC_SPAN_NAMES } from '../../saga/semconv';
import type { StoredSpan } from '../../telemetry/stored-span';
import { breach, labelOf } from './breach';
import type { TraceBreach } from './breach';
import type { OrderTrace } from './order-trace';

/** One tree: each span once, one root, every other span below the one that it belongs under. */
export function treeBreaches(trace: OrderTrace): TraceBreach[] {
  return [...duplicateSpans(trace), ...rootBreaches(trace), ...misplacedBreaches(trace)];
}

function duplicateSpans({ spans }: OrderTrace): TraceBreach[] {
  const seen = new Set<string>();
  return spans.flatMap((span) => {
    if (seen.has(span.spanId)) return [breach('no_duplicate', span, 'this span twice', 'each span once')];
    seen.add(span.spanId);
    return [];
  });
}

function rootBreaches({ spans }: OrderTrace): TraceBreach[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
  const orphans = spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !ids.has(parentSpanId));
  // A caller outside of this system has the root; its span is then the parent of one of ours alone.
  const outside = roots.length === 0 && new Set(orphans.map(({ parentSpanId }) => parentSpanId)).size === 1;
  if (outside) return [];
  const names = roots.map(labelOf).join(', ');
  return [
    ...(roots.length > 1
      ? [breach('one_root', 'the trace', `${String(roots.length)} roots (${names})`, 'one root')]
      : []),
    ...(roots.length + orphans.length === 0
      ? [breach('one_root', 'the trace', 'no root', 'one root, or one caller outside')]
      : []),
    ...orphans.map((span) =>
      breach('parent_present', span, `no span ${span.parentSpanId ?? ''}`, 'its parent in the trace'),
    ),
  ];
}

function misplacedBreaches(trace: OrderTrace): TraceBreach[] {
  const { steps, compensations, sagas, runs, tccs, phases } = trace;
  return [
    ...[...steps, ...compensations].flatMap(({ span }) => under(span, 'Saga:', trace)),
    ...tccs.flatMap((span) => under(span, 'Saga:', trace)),
    ...Object.values(phases)
      .flat()
      .flatMap((span) => under(span, TCC_SPAN_NAMES.transaction, trace)),
    ...sagas.flatMap((span) => under(span, 'RunWorkflow:', trace)),
    ...runs.flatMap((span) => under(span, 'StartWorkflow:', trace)),
  ];
}

/** A parent that is lost is told by {@link rootBreaches} already. */
function under(span: StoredSpan, kindOfParent: string, { parentOf }: OrderTrace): TraceBreach[] {
  const parent = parentOf(span);
  if (parent === undefined && span.parentSpanId !== undefined) return [];
  if (parent?.name.startsWith(kindOfParent) === true) return [];
  const found = parent === undefined ? 'no parent' : `the parent ${labelOf(parent)}`;
  return [breach('parent_present', span, found, `a parent ${kindOfParent}…`)];
}
