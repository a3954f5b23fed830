import type { StoredSpan } from '../../telemetry/stored-span';

/** Names of what a trace can do wrong; stable. */
export type TraceRule =
  /** A span that the order must have is not there. */
  | 'missing'
  /** A span is there of something that the order did not do. */
  | 'unexpected'
  /** More than one span without a parent in the trace. */
  | 'one_root'
  /** A span's parent is not in the trace, or is not the one that it should have. */
  | 'parent_present'
  /** A span, a step, the saga or the workflow's run is there twice. */
  | 'no_duplicate'
  /** A compensation is linked to exactly the step that it undoes. */
  | 'compensation_link'
  /** The story's events are there, once, in order, and every failure is recorded. */
  | 'events'
  /** A status does not agree with the order's state. */
  | 'status'
  /** An attribute that the contract promises is missing or has another value. */
  | 'attributes'
  /** Every attempt of an activity has its span, from 1, without gap or repeat. */
  | 'attempts'
  /** A span has ended before it began, or after what comes next had begun. */
  | 'order'
  /** A span is of another kind than the contract says. */
  | 'kind'
  /** A span is still running although its order is not, or the other way round. */
  | 'running';

export interface TraceBreach {
  readonly rule: TraceRule;
  /** Names the span, what was found and what was expected. */
  readonly detail: string;
}

/** @param where the span, or what to call the place when there is none. */
export function breach(
  rule: TraceRule,
  where: StoredSpan | string,
  found: string,
  expected: string,
): TraceBreach {
  const place = typeof where === 'string' ? where : labelOf(where);
  return { rule, detail: `${place}: found ${found}, expected ${expected}` };
}

/** The span as a breach names it: `Step: Create Order (1f0c…)`. */
export function labelOf({ name, spanId }: StoredSpan): string {
  return `${name} (${spanId})`;
}

/** An attribute's value as a breach shows it. */
export function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
