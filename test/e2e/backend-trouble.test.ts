import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Orders } from '../../src/orders/open-orders';
import { eventually } from '../support/eventually';
import { sampleOrder } from '../support/orders';
import { OtlpReceiver } from '../support/otlp-receiver';
import { TestStack } from '../support/stack';
import { startParts } from '../support/stack-processes';
import { TsProcess } from '../support/ts-process';

const ROUNDS = 10;
const WARM_UP_ROUNDS = 3;
const AT_ONCE = 4;
const SLOW_MS = 5_000;
const OUTCOME_LIMIT_MS = 60_000;
/** How much more an order may take, or a worker may use, than with a backend that is well. */
const TOLERATED = 1.5;
const TOLERATED_IN_ALL = 2;

const FLOOD_SPANS = 90_000;
/** Without the store it takes less time, and less memory a span. */
const STORELESS_FLOOD_SPANS = 300_000;
const FLOOD_REPORTS = 6;

/** A system whose worker sends its spans to a backend of its own. */
interface Traced {
  readonly receiver: OtlpReceiver;
  readonly stack: TestStack;
  readonly orders: Orders;
  readonly worker: TsProcess;
  /** How long each order took, ms. */
  readonly times: number[];
  readonly traceIds: string[];
  /** Memory of the worker after all orders, kB. */
  residentKb: number;
}

describe('a tracing backend in trouble', () => {
  let healthy: Traced;
  let refusing: Traced;
  let slow: Traced;
  const all: Traced[] = [];
  /** Where nobody ever listens. */
  let nobody: OtlpReceiver;

  beforeAll(async () => {
    healthy = await start(await OtlpReceiver.start());
    refusing = await start(await OtlpReceiver.start());
    slow = await start(await OtlpReceiver.start({ answerAfterMs: SLOW_MS }));
    await refusing.receiver.refuse();
    await inTurns(WARM_UP_ROUNDS);
    for (const { times } of all) times.length = 0;
    await inTurns(ROUNDS);
    for (const traced of all) traced.residentKb = await residentKilobytes(traced.worker);
    nobody = await OtlpReceiver.start();
    await nobody.refuse();
    await refusing.receiver.accept();
    await placeOne(refusing);
  });
  afterAll(async () => {
    await Promise.all(
      all.map(async ({ receiver, stack, orders, worker }) => {
        await worker.dispose();
        await orders.close();
        await stack.stop();
        await receiver.refuse();
      }),
    );
  });

  async function start(receiver: OtlpReceiver): Promise<Traced> {
    const stack = await TestStack.start({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint }, [
      'order',
      'inventory',
      'payment',
      'shipping',
    ]);
    const [worker] = await startParts(stack, ['worker']);
    const traced: Traced = {
      receiver,
      stack,
      orders: await stack.openOrders(),
      worker: worker!,
      times: [],
      traceIds: [],
      residentKb: 0,
    };
    all.push(traced);
    return traced;
  }

  /** One after the other, so that whatever else the machine does slows each of them down. */
  async function inTurns(rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      for (let turn = 0; turn < all.length; turn += 1) {
        const traced = all[(round + turn) % all.length]!;
        await Promise.all(Array.from({ length: AT_ONCE }, () => placeOne(traced)));
      }
    }
  }

  it.each([
    ['that refuses connections', () => refusing],
    [`that takes ${String(SLOW_MS / 1_000)} s for each request`, () => slow],
  ])('%s does not slow orders down', (_, troubled) => {
    expect(median(troubled().times) / median(healthy.times)).toBeLessThan(TOLERATED);
    // Nor some of them much, which a median does not see.
    expect(sum(troubled().times) / sum(healthy.times)).toBeLessThan(TOLERATED_IN_ALL);
  });

  it.each([
    ['that refuses connections', () => refusing],
    ['that is slow', () => slow],
  ])('%s does not fill the memory of the worker', (_, troubled) => {
    expect(troubled().residentKb / healthy.residentKb).toBeLessThan(TOLERATED);
  });

  it.each([
    ['that refuses connections', () => nobody, FLOOD_SPANS, {}],
    ['that is slow', () => slow.receiver, FLOOD_SPANS, {}],
    [
      'that refuses connections, and has no store before it,',
      () => nobody,
      STORELESS_FLOOD_SPANS,
      { TRACE_STORE: 'off' },
    ],
    [
      'that is slow, and has no store before it,',
      () => slow.receiver,
      STORELESS_FLOOD_SPANS,
      { TRACE_STORE: 'off' },
    ],
  ])('%s keeps no more spans in memory the longer it lasts', async (_, receiver, spans, settings) => {
    const flood = new TsProcess('test/support/span-flood.ts', [String(spans), String(FLOOD_REPORTS)], {
      ...process.env,
      ...healthy.stack.environment,
      DATA_DIR: `${healthy.stack.config.dataDir}/flood`,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver().endpoint,
      ...settings,
    });
    expect(await flood.ended).toBe(0);
    const resident = flood.stdout.trim().split('\n').map(Number);
    expect(resident).toHaveLength(FLOOD_REPORTS);
    expect(resident.at(-1)! / resident[1]!).toBeLessThan(TOLERATED);
  });

  it('gets the spans of every order, once, after it has begun to accept connections again', async () => {
    const { receiver, traceIds } = refusing;
    const sagas = await eventually(
      () => receiver.spans.filter(({ name }) => name === 'Saga: Create Order').map(({ traceId }) => traceId),
      (found) => new Set(found).size === traceIds.length,
      'the spans of every order arrive',
    );
    expect(sagas.sort()).toEqual([...traceIds].sort());
  });

  it('gets spans also when it is slow', () => {
    expect(slow.receiver.spans.map(({ name }) => name)).toContain('Saga: Create Order');
  });
});

async function placeOne({ orders, times, traceIds }: Traced): Promise<void> {
  const startedAt = performance.now();
  const { orderId } = await orders.orders.start(sampleOrder());
  const view = await orders.orders.waitForOutcome(orderId, { timeoutMs: OUTCOME_LIMIT_MS });
  times.push(performance.now() - startedAt);
  expect(view?.status).toBe('completed');
  traceIds.push(view!.traceId);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

async function residentKilobytes({ pid }: TsProcess): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Number(stdout);
}
