import { expect, it } from '@jest/globals';
import { forgottenAfterMs, HoldSweep } from '../../../src/services/hold-sweep';
import { eventually } from '../../support/eventually';
import { testTelemetry } from '../../support/services-telemetry';

const INTERVAL_MS = 20;

it('tells Prometheus of holds that clean-ups cannot free, and not of those that only wait for one', async () => {
  const ended = (agoMs: number) => ({ key: String(agoMs), orderId: 'o-1', expiresAtMs: Date.now() - agoMs });
  const forgotten = forgottenAfterMs(INTERVAL_MS) + 1_000;
  const holds = [ended(2 * forgotten), ended(forgotten), ended(INTERVAL_MS)];
  const telemetry = testTelemetry();
  let tries = 0;
  let isFull = true;
  const sweep = new HoldSweep({
    telemetry,
    service: 'inventory',
    intervalMs: INTERVAL_MS,
    due: (after) => Promise.resolve(after === undefined ? [...holds] : []),
    expire: ({ key }) => {
      tries += 1;
      if (isFull) return Promise.reject(new Error('the disk is full'));
      holds.splice(
        holds.findIndex((hold) => hold.key === key),
        1,
      );
      return Promise.resolve(true);
    },
  });
  const told = async () =>
    /^holds_expired_open\{service="inventory"\} (\d+)$/m.exec(await telemetry.metrics.text())?.[1];
  try {
    await eventually(
      () => tries,
      (n) => n >= 2 * holds.length,
      'clean-ups have tried again',
    );
    expect(await told()).toBe('2');
    isFull = false;
    await eventually(told, (open) => open === '0', 'none is left');
  } finally {
    await sweep.stop();
    await telemetry.shutdown();
  }
});
