import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startTelemetry } from '../../../src/telemetry/start-telemetry';
import { temporaryDirectories } from './temporary-directory';

const newDirectory = temporaryDirectories();

describe('the count of lost spans', () => {
  it('has what a part could not store', async () => {
    const telemetry = startTelemetry({
      service: 'order-service',
      config: { dataDir: path.join(newDirectory(), 'never'), logLevel: 'silent' },
      environment: {},
    });
    expect(await telemetry.metrics.text()).toMatch(/^telemetry_spans_lost_total 0$/m);
    telemetry.tracer.startSpan('work').end();
    await telemetry.flush();
    expect(telemetry.lostSpans()).toBe(1);
    expect(await telemetry.metrics.text()).toMatch(/^telemetry_spans_lost_total 1$/m);
    await telemetry.shutdown();
  });
});
