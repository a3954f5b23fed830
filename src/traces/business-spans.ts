import { TCC_SPAN_NAMES } from '../saga/semconv';
import type { StoredSpan } from '../telemetry/stored-span';
import { ATTR } from '../telemetry/semconv';

/**
 * True for the spans that tell the business's story: the saga or TCC transaction, its steps, phases and
 * compensations. What carries them out (Temporal, HTTP, databases) is plumbing.
 */
export function isBusinessSpan({ attributes }: StoredSpan): boolean {
  return ATTR.sagaId in attributes || ATTR.tccId in attributes;
}

/** True for a span that undoes something: a step, or what a TCC transaction holds. */
export function isUndoingSpan({ attributes, name }: StoredSpan): boolean {
  return attributes[ATTR.sagaStepType] === 'compensation' || name === TCC_SPAN_NAMES.cancel;
}
