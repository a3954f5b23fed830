import type { Meter } from '@opentelemetry/api';
import { METRICS } from './metric-names';

/**
 * Counts on `meter` what a part has lost of its spans, for an operator to alert on.
 *
 * @param lost how many since its start: what could be neither stored nor sent.
 */
export function observeLostSpans(meter: Meter, lost: () => number): void {
  meter
    .createObservableCounter(METRICS.spansLost, {
      unit: '{span}',
      description: 'Spans that could be neither stored nor sent',
    })
    .addCallback((result) => {
      result.observe(lost());
    });
}
