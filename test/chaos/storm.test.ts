import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openOrders } from '../../src/orders/open-orders';
import type { Orders } from '../../src/orders/open-orders';
import { startTelemetry } from '../../src/telemetry/start-telemetry';
import type { StartedTelemetry } from '../../src/telemetry/telemetry';
import { TestStack } from '../support/stack';
import { storm, STORM_SETTINGS } from './storm';

/** `npm run chaos:storm` does the same with more of them. */
const ORDERS = 48;
const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);

describe(`traces of ${String(ORDERS)} orders while worker and services are killed (CHAOS_SEED=${String(SEED)})`, () => {
  let stack: TestStack;
  let telemetry: StartedTelemetry;
  let orders: Orders;

  beforeAll(async () => {
    stack = await TestStack.start(STORM_SETTINGS, []);
    telemetry = startTelemetry({ service: 'orders-cli', config: stack.config, environment: {} });
    orders = await openOrders(stack.config, telemetry, {
      environment: stack.environment,
      requestTimeoutMs: 60_000,
    });
  });
  afterAll(async () => {
    await orders.close();
    await telemetry.shutdown();
    await stack.stop();
  });

  it('are whole after the sweep: one each, no orphan, no duplicate, every compensation linked once', async () => {
    const lines: string[] = [];
    const { config, environment } = stack;
    const report = await storm({
      ...{ config, environment, orders, tracer: telemetry.tracer },
      ...{ count: ORDERS, parallel: 6, seed: SEED, say: (line) => lines.push(line) },
    });
    expect({ ...report, lines }).toMatchObject({ orphans: 0, breaches: [], violations: [] });
    expect(report.orders).toBeGreaterThanOrEqual(ORDERS);
    expect(report.traces).toBe(report.orders);
    expect(report.compensations).toBeGreaterThan(0);
    expect(report.linkedOnce).toBe(report.compensations);
    // Otherwise the storm has proved nothing.
    expect(report.reconstructed).toBeGreaterThan(0);
  });
});
