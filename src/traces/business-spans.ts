import type { StoredSpan } from '../telemetry/stored-span';
import { ATTR } from '../telemetry/semconv';

/**
 * True for the spans that tell the business's story: the saga or TCC transaction, its steps, phases and
 * compensations. What carries them out (Temporal, HTTP, databases) is plumbing.
 */
export function isBusinessSpan({ attributes }: StoredSpan): boolean {
  return ATTR.sagaId in attributes || ATTR.tccId in attributes;
}

/** True for a span that undoes a step. */
export function isCompensationSpan({ attributes }: StoredSpan): boolean {
  return attributes[ATTR.sagaStepType] === 'compensation';
}
