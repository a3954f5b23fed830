import type { Counter, Histogram, Meter } from '@opentelemetry/api';
import type { InjectedSinks } from '@temporalio/worker';
import type { Measurement, MeasurementSinks } from '../saga/measurements';
import { LABELS, METRICS } from './metric-names';

export interface SagaMeterOptions {
  /** How long a measurement waits before it is counted, ms. @default 2000 */
  readonly holdMs?: number;
  /** What is counted from 0 on, so that the first event is an increase. */
  readonly expected?: {
    readonly saga: string;
    /** Sagas that only end what others have begun. */
    readonly others?: readonly string[];
    readonly compensations: readonly string[];
  };
}

/** What sagas and TCC transactions end as, and compensations. */
const SAGA_OUTCOMES = ['completed', 'failed', 'cancelled'];
const TCC_OUTCOMES = ['completed', 'failed_try', 'failed_confirm', 'cancelled'];
const COMPENSATION_OUTCOMES = ['done', 'failed', 'skipped'];

/** Seconds; an order takes from tens of milliseconds to, waiting for a person, days. */
const BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600];

/** How long a measurement waits before it is counted, ms: far longer than the server takes to accept its task. */
const HOLD_MS = 2_000;

/** Measurements that are remembered as counted. */
const REMEMBERED = 200_000;

/**
 * Counts what sagas come to, each thing once.
 *
 * A workflow task may be run again, here or on another worker, when its answer did not reach the server, and then
 * measures again. So a measurement is counted only after it has waited for longer than an answer takes: until then it
 * dies with its process, and whoever runs the task again counts it; and one that comes again here is known by its id.
 * A killed process therefore takes with it what was measured in its last {@link HOLD_MS} and what was not scraped since;
 * nothing is counted twice.
 */
export class SagaMeter {
  readonly #instruments: Instruments;
  readonly #holdMs: number;
  readonly #held = new Map<string, { readonly measurement: Measurement; readonly timer: NodeJS.Timeout }>();
  readonly #counted = new Set<string>();

  constructor(meter: Meter, { holdMs = HOLD_MS, expected }: SagaMeterOptions = {}) {
    this.#instruments = instrumentsOf(meter);
    if (expected !== undefined) startAtZero(this.#instruments, expected);
    this.#holdMs = holdMs;
  }

  /** For the worker. Replays are not measured: what they show was, when it happened. */
  get sinks(): InjectedSinks<MeasurementSinks> {
    return {
      measurements: {
        record: {
          callDuringReplay: false,
          fn: ({ runId }, measurement) => {
            this.record(runId, measurement);
          },
        },
      },
    };
  }

  record(runId: string, measurement: Measurement): void {
    const id = `${runId}/${measurement.id}`;
    if (this.#counted.has(id)) return;
    const known = this.#held.get(id);
    if (known !== undefined) clearTimeout(known.timer);
    const timer = setTimeout(() => {
      this.#count(id);
    }, this.#holdMs);
    timer.unref();
    this.#held.set(id, { measurement, timer });
  }

  /** Counts what is waiting: the worker has drained, and every answer has been accepted. */
  flush(): void {
    for (const id of [...this.#held.keys()]) this.#count(id);
  }

  #count(id: string): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    clearTimeout(held.timer);
    this.#held.delete(id);
    this.#counted.add(id);
    const [oldest] = this.#counted;
    if (this.#counted.size > REMEMBERED && oldest !== undefined) this.#counted.delete(oldest);
    count(this.#instruments, held.measurement);
  }
}

type Instruments = ReturnType<typeof instrumentsOf>;

function instrumentsOf(meter: Meter) {
  const duration = (name: string, description: string): Histogram =>
    meter.createHistogram(name, { unit: 's', description, advice: { explicitBucketBoundaries: BUCKETS } });
  const counter = (name: string, unit: string, description: string): Counter =>
    meter.createCounter(name, { unit, description });
  return {
    sagaDuration: duration(
      METRICS.sagaDuration,
      'Duration of sagas from start to end, compensations included',
    ),
    sagaCompleted: counter(METRICS.sagaCompleted, '{saga}', 'Sagas that have ended, by outcome'),
    sagaCompensated: counter(METRICS.sagaCompensated, '{saga}', 'Sagas that began to compensate'),
    stepDuration: duration(METRICS.sagaStepDuration, 'Duration of steps and compensations, retries included'),
    compensation: counter(METRICS.sagaCompensation, '{compensation}', 'Rounds of compensations, by outcome'),
    tccDuration: duration(METRICS.tccDuration, 'Duration of TCC transactions'),
    tccCompleted: counter(
      METRICS.tccCompleted,
      '{transaction}',
      'TCC transactions that have ended, by outcome',
    ),
    tccPhaseDuration: duration(METRICS.tccPhaseDuration, 'Duration of phases of TCC transactions'),
  };
}

function startAtZero(
  { sagaCompleted, sagaCompensated, compensation, tccCompleted }: Instruments,
  { saga, others = [], compensations }: NonNullable<SagaMeterOptions['expected']>,
): void {
  sagaCompensated.add(0, { [LABELS.sagaName]: saga });
  for (const name of [saga, ...others]) {
    for (const outcome of SAGA_OUTCOMES) {
      sagaCompleted.add(0, { [LABELS.sagaName]: name, [LABELS.sagaOutcome]: outcome });
    }
  }
  for (const outcome of TCC_OUTCOMES) {
    tccCompleted.add(0, { [LABELS.tccName]: saga, [LABELS.tccOutcome]: outcome });
  }
  for (const step of compensations) {
    for (const outcome of COMPENSATION_OUTCOMES) {
      compensation.add(0, { [LABELS.sagaStep]: step, [LABELS.sagaOutcome]: outcome });
    }
  }
}

function count(instruments: Instruments, { what, name, outcome, seconds }: Measurement): void {
  switch (what) {
    case 'saga': {
      const labels = { [LABELS.sagaName]: name, [LABELS.sagaOutcome]: outcome };
      instruments.sagaDuration.record(seconds, labels);
      instruments.sagaCompleted.add(1, labels);
      return;
    }
    case 'compensating':
      instruments.sagaCompensated.add(1, { [LABELS.sagaName]: name });
      return;
    case 'action':
      instruments.stepDuration.record(seconds, stepLabels(name, what, outcome));
      return;
    case 'compensation':
      instruments.compensation.add(1, { [LABELS.sagaStep]: name, [LABELS.sagaOutcome]: outcome });
      // What is given up takes no time.
      if (outcome !== 'skipped') instruments.stepDuration.record(seconds, stepLabels(name, what, outcome));
      return;
    case 'tcc': {
      const labels = { [LABELS.tccName]: name, [LABELS.tccOutcome]: outcome };
      instruments.tccDuration.record(seconds, labels);
      instruments.tccCompleted.add(1, labels);
      return;
    }
    case 'phase':
      instruments.tccPhaseDuration.record(seconds, { [LABELS.tccPhase]: name, [LABELS.tccOutcome]: outcome });
  }
}

function stepLabels(name: string, type: string, outcome: string) {
  return { [LABELS.sagaStep]: name, [LABELS.sagaStepType]: type, [LABELS.sagaOutcome]: outcome };
}
