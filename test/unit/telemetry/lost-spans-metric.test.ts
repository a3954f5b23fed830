import { afterEach, describe, expect, it } from '@jest/globals';
import type { Attributes, Meter, MetricOptions, ObservableCallback } from '@opentelemetry/api';
import { createNoopMeter, metrics } from '@opentelemetry/api';
import path from 'node:path';
import { observeLostSpans } from '../../../src/telemetry/lost-spans-metric';
import { startTelemetry } from '../../../src/telemetry/start-telemetry';
import { temporaryDirectories } from './temporary-directory';

const newDirectory = temporaryDirectories();

/** A meter that shows what a collection would read from its counters. */
function observedMeter() {
  const counters: { name: string; options: MetricOptions | undefined; callbacks: ObservableCallback[] }[] =
    [];
  const meter = Object.assign(Object.create(createNoopMeter()) as Meter, {
    createObservableCounter: (name: string, options?: MetricOptions) => {
      const callbacks: ObservableCallback[] = [];
      counters.push({ name, options, callbacks });
      return {
        addCallback: (added: ObservableCallback) => callbacks.push(added),
        removeCallback: () => undefined,
      };
    },
  });
  const read = async () => {
    const values: [string, number, Attributes | undefined][] = [];
    for (const { name, callbacks } of counters) {
      for (const callback of callbacks) {
        await callback({ observe: (value, attributes) => values.push([name, value, attributes]) });
      }
    }
    return values;
  };
  return { meter, counters, read };
}

afterEach(() => {
  metrics.disable();
});

describe('the count of lost spans', () => {
  it('is one number for all parts of a process, and keeps what stopped parts have lost', async () => {
    const { meter, counters, read } = observedMeter();
    let lost = 2;
    const endFirst = observeLostSpans(meter, () => lost);
    observeLostSpans(meter, () => 5);
    expect(counters).toMatchObject([{ name: 'telemetry.spans.lost', options: { unit: '{span}' } }]);
    expect(await read()).toEqual([['telemetry.spans.lost', 7, undefined]]);
    lost = 3;
    endFirst();
    expect(await read()).toEqual([['telemetry.spans.lost', 8, undefined]]);
  });

  it('has what a part could not store, when a meter provider is there as the part starts', async () => {
    const { meter, read } = observedMeter();
    metrics.setGlobalMeterProvider({ getMeter: () => meter });
    const dataDir = path.join(newDirectory(), 'never');
    const telemetry = startTelemetry({
      service: 'order-service',
      config: { dataDir, logLevel: 'silent' },
      environment: {},
    });
    telemetry.tracer.startSpan('work').end();
    await telemetry.shutdown();
    expect(telemetry.lostSpans()).toBe(1);
    expect(await read()).toEqual([['telemetry.spans.lost', 1, undefined]]);
  });
});
