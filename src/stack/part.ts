/** One running part of the system: a service, the worker, the gateway. */
export interface RunningPart {
  /** `inventory`, `worker`, …: what `npm start -- <part>` calls it. */
  readonly name: string;
  /** What it answers on, for people: a URL, or the task queue of a worker. */
  readonly address: string;
  /** Finishes what is in progress, then frees everything. */
  stop(): Promise<void>;
}
