import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Measurement } from '../../../src/saga/measurements';
import type { PartMetrics } from '../../../src/telemetry/prometheus';
import { startMetrics } from '../../../src/telemetry/prometheus';
import { partResource } from '../../../src/telemetry/resource';
import { SagaMeter } from '../../../src/telemetry/saga-meter';

const HOLD_MS = 1_000;
const COMPLETED: Measurement = {
  id: 'saga/Create Order/1',
  what: 'saga',
  name: 'Create Order',
  outcome: 'completed',
  seconds: 0.3,
};

let metrics: PartMetrics;
let meter: SagaMeter;
beforeEach(() => {
  jest.useFakeTimers();
  metrics = startMetrics(partResource('order-service', {}), 'test', {});
  meter = new SagaMeter(metrics.meter, { holdMs: HOLD_MS });
});
afterEach(async () => {
  jest.useRealTimers();
  await metrics.shutdown();
});

/** The lines of the counters and of the histograms' counts. */
async function counted(): Promise<string[]> {
  const lines = (await metrics.text()).split('\n');
  return lines.filter((line) => /^(saga|tcc)_\w*(total|seconds_count)\{/.test(line));
}

describe('what sagas come to', () => {
  it('is counted once it has waited for its task to be accepted, and not before', async () => {
    meter.record('run-1', COMPLETED);
    jest.advanceTimersByTime(HOLD_MS - 1);
    expect(await counted()).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(await counted()).toEqual([
      'saga_duration_seconds_count{saga_name="Create Order",saga_outcome="completed"} 1',
      'saga_completed_total{saga_name="Create Order",saga_outcome="completed"} 1',
    ]);
  });

  it('is counted once when its task is run again, soon or late', async () => {
    meter.record('run-1', COMPLETED);
    jest.advanceTimersByTime(HOLD_MS / 2);
    meter.record('run-1', COMPLETED);
    jest.advanceTimersByTime(HOLD_MS);
    meter.record('run-1', COMPLETED);
    jest.advanceTimersByTime(HOLD_MS);
    meter.record('run-2', COMPLETED);
    jest.advanceTimersByTime(HOLD_MS);
    expect(await counted()).toContain(
      'saga_completed_total{saga_name="Create Order",saga_outcome="completed"} 2',
    );
  });

  it('is the second outcome when a task that is run again comes to another', async () => {
    meter.record('run-1', COMPLETED);
    meter.record('run-1', { ...COMPLETED, outcome: 'cancelled' });
    jest.advanceTimersByTime(HOLD_MS);
    expect(await counted()).toEqual([
      'saga_duration_seconds_count{saga_name="Create Order",saga_outcome="cancelled"} 1',
      'saga_completed_total{saga_name="Create Order",saga_outcome="cancelled"} 1',
    ]);
  });

  it('is counted at once when the worker has drained', async () => {
    meter.record('run-1', COMPLETED);
    meter.flush();
    expect(await counted()).toHaveLength(2);
    jest.advanceTimersByTime(HOLD_MS);
    expect(await counted()).toHaveLength(2);
  });

  it('has an instrument for each kind of thing, and none with an id', async () => {
    const part = (what: Measurement['what'], name: string, outcome: string) => {
      meter.record('run-1', { id: `${what}/${name}/${outcome}`, what, name, outcome, seconds: 1 });
    };
    part('compensating', 'Create Order', 'begun');
    part('action', 'process_payment', 'unknown');
    part('compensation', 'refund_payment', 'failed');
    part('compensation', 'refund_payment', 'skipped');
    part('tcc', 'Create Order', 'failed_try');
    part('phase', 'try', 'failed');
    meter.flush();
    expect(await counted()).toEqual([
      'saga_compensated_total{saga_name="Create Order"} 1',
      'saga_step_duration_seconds_count{saga_step="process_payment",saga_step_type="action",saga_outcome="unknown"} 1',
      'saga_step_duration_seconds_count{saga_step="refund_payment",saga_step_type="compensation",saga_outcome="failed"} 1',
      'saga_compensation_total{saga_step="refund_payment",saga_outcome="failed"} 1',
      'saga_compensation_total{saga_step="refund_payment",saga_outcome="skipped"} 1',
      'tcc_duration_seconds_count{tcc_name="Create Order",tcc_outcome="failed_try"} 1',
      'tcc_completed_total{tcc_name="Create Order",tcc_outcome="failed_try"} 1',
      'tcc_phase_duration_seconds_count{tcc_phase="try",tcc_outcome="failed"} 1',
    ]);
    expect(await metrics.text()).not.toContain('run-1');
  });
});
