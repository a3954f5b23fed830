import { proxySinks } from '@temporalio/workflow';
import type { Sink, Sinks } from '@temporalio/workflow';

/** Something that a saga came to, to be counted by the worker. */
export interface Measurement {
  /** Unique in the run, and the same when the workflow task that made it is run again. */
  readonly id: string;
  readonly what: 'saga' | 'compensating' | 'action' | 'compensation' | 'tcc' | 'phase';
  /** Of the saga, step, compensation or phase: never an id. */
  readonly name: string;
  /** `completed`, `failed`, `cancelled`; `done`, `failed`, `unknown`, `skipped`. */
  readonly outcome: string;
  /** By the workflow's clock. */
  readonly seconds: number;
}

/** What a worker offers to have sagas measured. */
export interface MeasurementSinks extends Sinks {
  measurements: MeasurementSink;
}

interface MeasurementSink extends Sink {
  record(measurement: Measurement): void;
}

/**
 * Tells the worker what a run comes to, each thing once under an id of its own. Makes no command and draws no random
 * number: histories do not know of it.
 */
export class Measurements {
  readonly #sink = proxySinks<MeasurementSinks>().measurements;
  readonly #counts = new Map<string, number>();

  /** @param title of the saga. */
  constructor(private readonly title: string) {}

  /** Of the whole saga, or of its TCC transaction. */
  whole(what: 'saga' | 'compensating' | 'tcc', outcome: string, startedAt: number): void {
    this.part(what, this.title, outcome, startedAt);
  }

  /** @param startedAt ms since 1970, by the workflow's clock. */
  part(what: Measurement['what'], name: string, outcome: string, startedAt: number): void {
    const subject = `${what}/${name}`;
    const count = (this.#counts.get(subject) ?? 0) + 1;
    this.#counts.set(subject, count);
    const seconds = Math.max(0, Date.now() - startedAt) / 1000;
    this.#sink.record({ id: `${subject}/${String(count)}`, what, name, outcome, seconds });
  }
}
