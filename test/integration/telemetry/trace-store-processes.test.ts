import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { openTraceStore } from '../../../src/telemetry/trace-store';
import { newTraceId } from '../../unit/telemetry/spans';
import { temporaryDirectories } from '../../unit/telemetry/temporary-directory';

const newDirectory = temporaryDirectories();

async function writer(
  ...args: [dataDir: string, service: string, traceId: string, count: string, end: string]
) {
  const child = spawn(process.execPath, ['--import', 'tsx', require.resolve('./span-writer'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const [output, errors, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    closed,
  ]);
  return { output, errors, code, signal };
}

function servicesOf(dataDir: string, traceId: string): Record<string, number> {
  const store = openTraceStore({ dataDir });
  try {
    const counts: Record<string, number> = {};
    for (const { service } of store.spansOf(traceId)) counts[service] = (counts[service] ?? 0) + 1;
    return counts;
  } finally {
    store.close();
  }
}

describe('processes that share a trace store', () => {
  it('has the spans that ended before its process was killed', async () => {
    const dataDir = newDirectory();
    const traceId = newTraceId();
    const { signal } = await writer(dataDir, 'order-service', traceId, '25', 'kill');
    expect(signal).toBe('SIGKILL');
    expect(servicesOf(dataDir, traceId)).toEqual({ 'order-service': 25 });
  });

  it('loses no span when three create it and write at once', async () => {
    const dataDir = newDirectory();
    const traceId = newTraceId();
    const services = ['order-service', 'inventory-service', 'payment-service'];
    const ends = await Promise.all(services.map((name) => writer(dataDir, name, traceId, '2000', 'stop')));
    expect(ends.map(({ code, output }) => ({ code, output }))).toEqual(
      services.map(() => ({ code: 0, output: 'lost 0\n' })),
    );
    expect(servicesOf(dataDir, traceId)).toEqual(
      Object.fromEntries(services.map((service) => [service, 2_000])),
    );
  });
});
