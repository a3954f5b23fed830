import type { Meter } from '@opentelemetry/api';

/** Spans that could be neither stored nor sent, for an operator to alert on. */
export const LOST_SPANS_METRIC = 'telemetry.spans.lost';

interface Sources {
  /** Of parts that have stopped. */
  past: number;
  readonly running: Set<() => number>;
}

const SOURCES = new WeakMap<Meter, Sources>();

/**
 * Counts on `meter` what all the parts that were given it have lost: parts that share a meter share its resource, and
 * their counts are one number.
 *
 * The API's meter of a process that has not registered a `MeterProvider` yet does nothing, also later: register
 * first.
 *
 * @param lost how many the part has lost since its start.
 * @returns ends the observation; what was lost stays in the count.
 */
export function observeLostSpans(meter: Meter, lost: () => number): () => void {
  const sources = sourcesOf(meter);
  sources.running.add(lost);
  return () => {
    if (sources.running.delete(lost)) sources.past += lost();
  };
}

function sourcesOf(meter: Meter): Sources {
  const known = SOURCES.get(meter);
  if (known !== undefined) return known;
  const sources: Sources = { past: 0, running: new Set() };
  SOURCES.set(meter, sources);
  meter
    .createObservableCounter(LOST_SPANS_METRIC, {
      unit: '{span}',
      description: 'Spans that could be neither stored nor sent',
    })
    .addCallback((result) => {
      result.observe([...sources.running].reduce((sum, count) => sum + count(), sources.past));
    });
  return sources;
}
