import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openTraceStore } from '../../../src/telemetry/trace-store';
import { eventually } from '../../support/eventually';
import { TsProcess } from '../../support/ts-process';
import { newTraceId } from '../../unit/telemetry/spans';
import { temporaryDirectories } from '../../unit/telemetry/temporary-directory';
import { OtlpTestBackend } from './otlp-test-backend';

const newDirectory = temporaryDirectories();

/** Nobody's request would end by itself within a test. */
const PATIENT_EXPORTER = { OTEL_EXPORTER_OTLP_TIMEOUT: '600000' };

describe('spans on their way to a backend', () => {
  let backend: OtlpTestBackend;
  let dataDir: string;
  let traceId: string;
  const processes: TsProcess[] = [];

  beforeEach(async () => {
    dataDir = newDirectory();
    traceId = newTraceId();
    backend = new OtlpTestBackend();
    await backend.start();
  });

  afterEach(async () => {
    await Promise.all(processes.splice(0).map((started) => started.dispose()));
    await backend.stop();
  });

  function part(service: string, count: number, end: 'kill' | 'stop' | 'stay', environment = {}): TsProcess {
    const args = [dataDir, service, traceId, String(count), end];
    const started = new TsProcess('test/integration/telemetry/outbox-process.ts', args, {
      ...process.env,
      OTEL_EXPORTER_OTLP_ENDPOINT: backend.endpoint,
      OTEL_BSP_SCHEDULE_DELAY: '50',
      ...environment,
    });
    processes.push(started);
    return started;
  }

  const takenOf = (service: string) => backend.taken.filter((span) => span.service === service);
  const idsOf = (spans: readonly { spanId: string }[]) => spans.map(({ spanId }) => spanId);

  function storedIds(): string[] {
    const store = openTraceStore({ dataDir });
    try {
      return idsOf(store.spansOf(traceId));
    } finally {
      store.close();
    }
  }

  async function arrived(count: number): Promise<void> {
    await eventually(
      () => new Set(idsOf(backend.taken)).size,
      (found) => found === count,
      `${String(count)} spans arrive`,
    );
  }

  it('arrive from a part of another service when their process was killed, under their own service', async () => {
    backend.answer = () => 'hold';
    const killed = part('payment-service', 30, 'kill');
    expect(await killed.ended).toBe('SIGKILL');
    backend.answer = () => ({ status: 200 });
    const other = part('order-service', 10, 'stay');
    await arrived(40);
    expect(takenOf('payment-service')).toHaveLength(30);
    expect(takenOf('payment-service').map(({ name }) => name)).toContain('work of payment-service');
    expect(takenOf('order-service')).toHaveLength(10);
    other.signal('SIGTERM');
    expect(await other.ended).toBe(0);
  });

  it('arrive also when their process was killed while it was sending them', async () => {
    backend.answer = () => 'hold';
    const killed = part('payment-service', 30, 'stay', PATIENT_EXPORTER);
    await eventually(
      () => backend.requests.length,
      (count) => count > 0,
      'a request is under way',
    );
    killed.signal('SIGKILL');
    await killed.ended;
    backend.answer = () => ({ status: 200 });
    part('order-service', 0, 'stay');
    await arrived(30);
    expect(idsOf(backend.taken).sort()).toEqual(storedIds().sort());
  });

  it('arrive once each when the backend was away', async () => {
    await backend.stop();
    const sender = part('order-service', 1_500, 'stay');
    await sender.said(/Spans cannot be written to http/);
    await backend.start();
    await arrived(1_500);
    sender.signal('SIGTERM');
    expect(await sender.ended).toBe(0);
    expect(idsOf(backend.taken).sort()).toEqual(storedIds().sort());
    expect(sender.stdout).toContain('lost 0');
  });

  it('wait for a slow backend with one request at a time, in the order in which they ended', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    backend.answer = () => held.then(() => ({ status: 200 }));
    const sender = part('order-service', 2_000, 'stay', { OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '100' });
    await sender.said(/^written$/m);
    release();
    await arrived(2_000);
    expect(backend.mostAtOnce).toBe(1);
    expect(Math.max(...backend.requests.map(({ spans }) => spans.length))).toBeLessThanOrEqual(100);
    expect(idsOf(backend.taken)).toEqual(storedIds());
  });

  it('are lost, counted and not sent again when the backend refuses them for good', async () => {
    backend.answer = () => ({ status: 400 });
    const sender = part('order-service', 20, 'stop');
    expect(await sender.ended).toBe(0);
    expect(sender.stdout).toBe('lost 20\n');
    const refused = backend.requests.flatMap(({ spans }) => spans);
    expect(refused).toHaveLength(20);
    backend.answer = () => ({ status: 200 });
    const next = part('order-service', 5, 'stop');
    expect(await next.ended).toBe(0);
    expect(next.stdout).toBe('lost 0\n');
    expect(backend.taken).toHaveLength(5);
  });

  it('are counted as lost as far as the backend rejects part of a request', async () => {
    // ExportTraceServiceResponse { partial_success { rejected_spans: 3, error_message: "no" } }
    const body = Buffer.from([0x0a, 0x06, 0x08, 0x03, 0x12, 0x02, 0x6e, 0x6f]);
    backend.answer = () => ({ status: 200, body });
    const sender = part('order-service', 20, 'stop');
    expect(await sender.ended).toBe(0);
    // One request, or on a busy machine some more.
    expect(sender.stdout).toBe(`lost ${String(3 * backend.requests.length)}\n`);
    expect(backend.requests.flatMap(({ spans }) => spans)).toHaveLength(20);
  });

  it.each([429, 408, 500, 503])('stay for later when the backend answers %d', async (status) => {
    backend.answer = () => ({ status });
    const sender = part('order-service', 20, 'stop');
    expect(await sender.ended).toBe(0);
    expect(sender.stdout).toBe('lost 0\n');
    // One attempt of flush, one of shutdown, and on a busy machine one that was due meanwhile: the exporter's own five
    // more of each would hold the process for seconds.
    expect(backend.requests.length).toBeGreaterThanOrEqual(2);
    expect(backend.requests.length).toBeLessThan(6);
    backend.answer = () => ({ status: 200 });
    expect(await part('order-service', 0, 'stop').ended).toBe(0);
    expect(idsOf(backend.taken).sort()).toEqual(storedIds().sort());
  });

  it('hold no process that stops when the backend does not answer', async () => {
    backend.answer = () => 'hold';
    const sender = part('order-service', 20, 'stop', PATIENT_EXPORTER);
    expect(await sender.ended).toBe(0);
    expect(sender.stdout).toBe('lost 0\n');
    backend.answer = () => ({ status: 200 });
    expect(await part('order-service', 0, 'stop').ended).toBe(0);
    expect(idsOf(backend.taken).sort()).toEqual(storedIds().sort());
  });

  it('arrive in smaller requests where the backend finds them too large', async () => {
    backend.answer = ({ spans }) => ({ status: spans.length > 100 ? 413 : 200 });
    const sender = part('order-service', 1_000, 'stay');
    await arrived(1_000);
    sender.signal('SIGTERM');
    await sender.ended;
    expect(idsOf(backend.taken).sort()).toEqual(storedIds().sort());
    expect(sender.stdout).toContain('lost 0');
  });

  it('are sent once each by two processes of one service', async () => {
    const both = [1, 2].map(() => part('order-service', 3_000, 'stop'));
    expect(await Promise.all(both.map((sender) => sender.ended))).toEqual([0, 0]);
    const last = part('order-service', 0, 'stay');
    await arrived(6_000);
    last.signal('SIGTERM');
    await last.ended;
    expect(backend.taken).toHaveLength(6_000);
    expect(idsOf(backend.taken).sort()).toEqual(storedIds().sort());
  });

  it('of a process that was not to send them are never sent', async () => {
    await part('payment-service', 10, 'stop', { OTEL_EXPORTER_OTLP_ENDPOINT: '' }).ended;
    expect(await part('payment-service', 5, 'stop').ended).toBe(0);
    expect(backend.taken).toHaveLength(5);
    expect(storedIds()).toHaveLength(15);
  });

  it('are only in memory without a store, and counted as lost beyond its bound', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    backend.answer = () => held.then(() => ({ status: 200 }));
    const settings = {
      OTEL_BSP_MAX_QUEUE_SIZE: '100',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '50',
      TRACE_STORE: 'off',
    };
    const sender = part('order-service', 400, 'stay', settings);
    await sender.said(/^written$/m);
    release();
    sender.signal('SIGTERM');
    expect(await sender.ended).toBe(0);
    const lost = Number(/lost (\d+)/.exec(sender.stdout)?.[1]);
    expect(lost).toBeGreaterThan(0);
    expect(lost + backend.taken.length).toBe(400);
    expect(storedIds()).toEqual([]);
  });
});
