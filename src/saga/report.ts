/** An activity's result together with the attempt that produced it; see `report-attempts.ts`. */
export interface Reported<T> {
  readonly value: T;
  /** Attempts it took, from 1. */
  readonly attempts: number;
}

/** Activities whose results tell the attempt. */
export type Reporting<Activities> = {
  [Name in keyof Activities]: Activities[Name] extends (...args: infer Args) => Promise<infer Result>
    ? (...args: Args) => Promise<Reported<Result>>
    : never;
};
