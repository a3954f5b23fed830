import { describe, expect, it } from '@jest/globals';
import { observeLostSpans } from '../../../src/telemetry/lost-spans-metric';
import { startMetrics } from '../../../src/telemetry/prometheus';
import { partResource } from '../../../src/telemetry/resource';
import { startTelemetry } from '../../../src/telemetry/start-telemetry';
import { temporaryDirectories } from './temporary-directory';

const newDirectory = temporaryDirectories();

describe('the count of lost spans', () => {
  it('is what the part has lost since its start', async () => {
    const metrics = startMetrics(partResource('order-service', {}), 'test', {});
    let lost = 0;
    observeLostSpans(metrics.meter, () => lost);
    expect(await metrics.text()).toMatch(/^telemetry_spans_lost_total 0$/m);
    lost = 3;
    expect(await metrics.text()).toMatch(/^telemetry_spans_lost_total 3$/m);
    await metrics.shutdown();
  });

  it('is among the metrics of every part', async () => {
    const telemetry = startTelemetry({
      service: 'order-service',
      config: { dataDir: newDirectory(), logLevel: 'silent' },
      environment: {},
    });
    expect(await telemetry.metrics.text()).toMatch(/^telemetry_spans_lost_total 0$/m);
    await telemetry.shutdown();
  });
});
