import type { Reported } from './report';
import type { ActionCall, CompensationCall, StepPlan } from './step';

/** The names of one participant's parts, which are steps of the saga: `try_seats`, `confirm_seats`. */
export interface ParticipantPlan {
  /** Its compensation is the cancel. */
  readonly try: StepPlan;
  /** Its compensation is the reverse. */
  readonly confirm: StepPlan;
}

/** What a confirm gets to call with. */
export interface ConfirmCall<Activities> extends ActionCall<Activities> {
  /** The key of the try. */
  readonly confirms: string;
}

/**
 * One participant of a TCC transaction. Each part is idempotent by its key, and the participant settles their
 * order: no confirm after cancel, no try after cancel, no cancel after confirm. A hold that is neither confirmed
 * nor cancelled is given back by the participant itself when it expires; confirming it then is refused.
 *
 * Leaving a part out does not compile.
 *
 * @example
 * const seats: Participant<Activities, Hold> = {
 *   plan: { try: trySeats, confirm: confirmSeats },
 *   try: ({ activities, key }) => activities.trySeats({ key, seats: 2 }),
 *   confirm: ({ activities, key, confirms }) => activities.confirmSeats({ key, confirms }),
 *   cancel: ({ activities, key, compensates }) => activities.cancelSeats({ key, compensates }),
 *   reverse: ({ activities, key, compensates }) => activities.reverseSeats({ key, compensates }),
 * };
 */
export interface Participant<Activities, Hold> {
  readonly plan: ParticipantPlan;
  /** Sets aside what is wanted, so that nobody else gets it and nobody sees it as sold. */
  readonly try: (call: ActionCall<Activities>) => Promise<Reported<Hold>>;
  /** Takes what was set aside. The try was a promise: only what it promised may be refused here, for good. */
  readonly confirm: (call: ConfirmCall<Activities>) => Promise<Reported<unknown>>;
  /** Gives back what was set aside, also when it is not known whether it was. `compensates` is the try's key. */
  readonly cancel: (call: CompensationCall<Activities>) => Promise<Reported<unknown>>;
  /**
   * Undoes what was confirmed, or may have been, when others cannot confirm or a later step fails. `compensates` is the
   * try's key.
   */
  readonly reverse: (call: CompensationCall<Activities>) => Promise<Reported<unknown>>;
}

/** Participants by name, in the order in which they are tried; what their tries gave comes under the same names. */
export type Participants<Activities, Holds> = {
  readonly [Name in keyof Holds]: Participant<Activities, Holds[Name]>;
};

export interface TccOptions {
  /**
   * Whether a phase goes from one participant to the next or addresses all at once. Cancel goes in reverse.
   *
   * @default 'sequential'
   */
  readonly order?: 'sequential' | 'parallel';
}
