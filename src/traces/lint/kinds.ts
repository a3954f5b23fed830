import { ATTR } from '../../telemetry/semconv';
import type { StoredSpan } from '../../telemetry/stored-span';
import { breach } from './breach';
import type { TraceBreach } from './breach';
import type { OrderTrace } from './order-trace';

/** Every span is of the kind that the contract gives it. */
export function kindBreaches({
  spans,
  sagas,
  steps,
  compensations,
  tccs,
  phases,
}: OrderTrace): TraceBreach[] {
  const remoteWork = new Set([...steps, ...compensations].map(({ span }) => span));
  const frames = new Set([...sagas, ...tccs, ...Object.values(phases).flat()]);
  return spans.flatMap((span) => {
    const expected = frames.has(span) ? 'INTERNAL' : remoteWork.has(span) ? 'CLIENT' : kindOfPlumbing(span);
    return expected === undefined || span.kind === expected
      ? []
      : [breach('kind', span, span.kind, expected)];
  });
}

function kindOfPlumbing({ name, attributes }: StoredSpan): StoredSpan['kind'] | undefined {
  if (/^(Start|Run)(Workflow|Activity):/.test(name)) return 'INTERNAL';
  if (ATTR.dbSystemName in attributes) return 'CLIENT';
  // Only who sends a request knows all of its URL (semantic conventions for HTTP).
  if (ATTR.httpRequestMethod in attributes) return ATTR.urlFull in attributes ? 'CLIENT' : 'SERVER';
  return undefined;
}
