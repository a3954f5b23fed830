import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTelemetry } from '../../src/telemetry/start-telemetry';
import type { StartedTelemetry } from '../../src/telemetry/telemetry';
import { TestStack } from '../support/stack';
import { allCells, FAULTS, sliceOf } from './cells';
import { CrashMatrix, MATRIX_SETTINGS } from './crash-matrix';
import { startProxies } from './matrix-stack';
import type { Proxies } from './matrix-stack';

/** Another one each run: in time, every cell. `npm run chaos` runs all of them. */
const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);

describe(`a slice of the crash matrix (CHAOS_SEED=${String(SEED)})`, () => {
  let proxies: Proxies;
  let stack: TestStack;
  let telemetry: StartedTelemetry;
  let matrix: CrashMatrix;

  beforeAll(async () => {
    proxies = await startProxies();
    stack = await TestStack.start({ ...MATRIX_SETTINGS, ...proxies.settings }, []);
    const { config, environment } = stack;
    proxies.aim(config.services);
    telemetry = startTelemetry({ service: 'orders-cli', config, environment: {} });
    const { tracer } = telemetry;
    matrix = await CrashMatrix.start({
      ...{ config, environment, tracer, proxies: proxies.proxies },
      say: () => undefined,
    });
  });
  afterAll(async () => {
    await matrix.stop();
    await telemetry.shutdown();
    await stack.stop();
    await proxies.stop();
  });

  it('loses nothing and doubles nothing, and leaves every trace whole', async () => {
    const cells = sliceOf(allCells(), SEED);
    expect(new Set(cells.map(({ fault, moment }) => `${fault} ${moment}`)).size).toBe(FAULTS.length * 3);
    const runs = await matrix.run(cells, SEED);
    const failed = runs.filter(({ violations }) => violations.length > 0);
    expect(
      failed.map(({ cell, seed, violations }) => ({
        violations,
        again: `npm run chaos -- --cell ${cell.id} --seed ${String(seed)}`,
      })),
    ).toEqual([]);
    expect(runs).toHaveLength(cells.length);
  });
});
