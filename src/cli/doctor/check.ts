/** One thing that an order needs, and whether it is there. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What was found. */
  readonly detail: string;
  /** What to do about it: only when `ok` is false. */
  readonly remedy?: string;
}
