import type { SpanContext } from '@opentelemetry/api';
import type { Reported, Reporting } from './report';

/** A step's names: known before it runs, so that a plan of the whole saga can be shown from the start. */
export interface StepPlan {
  /** Position in the saga, from 1. */
  readonly number: number;
  /** Identifier, unique in the saga: part of the idempotency key. */
  readonly name: string;
  /** For people and span names. */
  readonly title: string;
  readonly compensation?: CompensationPlan;
  /** What the saga's span says happened; of a participant's part in a TCC, `done` is its phase's span's. */
  readonly events?: { readonly done?: string; readonly failed?: string };
  /** Why the saga failed, when it failed here. */
  readonly failedStatus?: string;
}

interface CompensationPlan {
  readonly name: string;
  readonly title: string;
  /** What the span of a TCC's cancel phase says happened. */
  readonly doneEvent?: string;
}

/** What a step's action gets to call with. */
export interface ActionCall<Activities> {
  /** The activities, under this step's policy. */
  readonly activities: Reporting<Activities>;
  /** Idempotency key of the effect: the same for every attempt, replay and run of this step. */
  readonly key: string;
}

/** What a compensation gets to call with. */
export interface CompensationCall<Activities> extends ActionCall<Activities> {
  /** The key of the effect to undo, which may have happened, may not, or may still be under way. */
  readonly compensates: string;
}

/** Undoes an effect, also when it is not known whether it happened. Must be idempotent by its key. */
export type Undo<Activities> = (call: CompensationCall<Activities>) => Promise<Reported<unknown>>;

/** What a step of another run has done, or may have. */
export interface PastEffect<Activities> {
  /** The step under whose key it was done. */
  readonly madeBy: string;
  readonly compensate: Undo<Activities>;
  /** The span that tells of it, where that is known. */
  readonly span?: SpanContext | undefined;
  /** Who had given up undoing it, and why: then it stays. */
  readonly skipped?: { readonly by: string; readonly reason: string } | undefined;
}

/** Attributes of the step's span: no payload, no personal data. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

interface Action<Activities, Result> {
  readonly action: (call: ActionCall<Activities>) => Promise<Reported<Result>>;
  readonly attributes?: SpanAttributes;
  /** Attributes of the saga's event that says it is done. */
  readonly doneAttributes?: SpanAttributes;
}

interface Compensable<Activities> {
  readonly compensate: Undo<Activities>;
  readonly pivot?: never;
  readonly noCompensation?: never;
}

interface Pivot {
  /**
   * The point of no return: tried until its outcome is known; once it is done nothing before it is undone
   * any more and what follows is tried until it succeeds.
   */
  readonly pivot: true;
  readonly compensate?: never;
  readonly noCompensation?: never;
}

interface NotCompensable {
  /** Why there is nothing to undo, for example `reads only`. */
  readonly noCompensation: string;
  readonly compensate?: never;
  readonly pivot?: never;
}

/**
 * What a step does, and how it is undone: by a compensation, never because it is the pivot, or never for a
 * stated reason. Leaving that out does not compile.
 *
 * @example
 * await saga.step(reserveInventory, {
 *   action: ({ activities, key }) => activities.reserveInventory({ key, items }),
 *   compensate: ({ activities, key, compensates }) => activities.releaseInventory({ key, compensates }),
 * });
 */
export type StepWork<Activities, Result> = Action<Activities, Result> &
  (Compensable<Activities> | Pivot | NotCompensable);
