import { afterEach, describe, expect, it } from '@jest/globals';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import Database from 'libsql';
import path from 'node:path';
import { pino } from 'pino';
import { LossLog } from '../../../src/telemetry/loss-log';
import type { SendOutcome, SpanBackend } from '../../../src/telemetry/otlp-backend';
import type { WaitingSpan } from '../../../src/telemetry/span-outbox';
import { SpanOutbox } from '../../../src/telemetry/span-outbox';
import { SpanSender } from '../../../src/telemetry/span-sender';
import { TraceStoreExporter } from '../../../src/telemetry/trace-store-exporter';
import { eventually } from '../../support/eventually';
import { readableSpan } from './spans';
import { temporaryDirectories } from './temporary-directory';

const newDirectory = temporaryDirectories();
const open: (() => Promise<void>)[] = [];
const logger = pino({ level: 'silent' });
const SENT: SendOutcome = { kind: 'sent', rejected: 0 };
const FAILED: SendOutcome = { kind: 'failed', error: new Error('away'), retryAfterMs: 0 };
const LEASE_MS = 600;
const never = new Promise<never>(() => undefined);

/** What the network does with each batch, in the process of the test: what the sender makes of it is looked at. */
class ScriptedBackend implements SpanBackend {
  readonly batches: ReadableSpan[][] = [];
  answer: (spans: readonly ReadableSpan[]) => SendOutcome | Promise<SendOutcome> = () => SENT;
  aborted = false;

  async send(spans: ReadableSpan[]): Promise<SendOutcome> {
    this.batches.push(spans);
    return this.answer(spans);
  }

  abort(): void {
    this.aborted = true;
  }

  get names(): string[][] {
    return this.batches.map((batch) => batch.map(({ name }) => name));
  }
}

function setUp({
  dataDir = newDirectory(),
  service = 'order-service',
  batchSize = 100,
  delayMs = 20,
  outbox = new SpanOutbox({ dataDir, leaseMs: LEASE_MS }),
} = {}) {
  const resource = resourceFromAttributes({ 'service.name': service });
  const store = new TraceStoreExporter({ dataDir, logger, sendTo: 'http://backend' });
  const backend = new ScriptedBackend();
  const sender = new SpanSender({
    outbox,
    backend,
    resource,
    losses: new LossLog(logger, 'http://backend'),
    delayMs,
    batchSize,
  });
  open.push(async () => {
    await store.shutdown();
    await sender.shutdown();
  });
  const write = (...names: string[]) => {
    store.export(
      names.map((name) => readableSpan({ name, resource })),
      () => undefined,
    );
  };
  return { dataDir, store, backend, sender, write };
}

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `s${String(index)}`);

afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

describe('the sender of spans', () => {
  it('sends what waits in batches, in order, without being asked', async () => {
    const { backend, write } = setUp({ batchSize: 2 });
    write(...numbered(5));
    await eventually(
      () => backend.names,
      (names) => names.length === 3,
      'three batches are sent',
    );
    expect(backend.names).toEqual([['s0', 's1'], ['s2', 's3'], ['s4']]);
    expect(backend.batches[0]![0]!.resource.attributes).toEqual({ 'service.name': 'order-service' });
  });

  it('tries a batch again that failed, and goes on where it was', async () => {
    const { backend, sender, write } = setUp({ batchSize: 2 });
    backend.answer = () => (backend.batches.length === 2 ? FAILED : SENT);
    write(...numbered(4));
    await eventually(
      () => backend.names,
      (names) => names.length === 3,
      'the second batch is sent again',
    );
    expect(backend.names).toEqual([
      ['s0', 's1'],
      ['s2', 's3'],
      ['s2', 's3'],
    ]);
    await sender.flush();
    expect(backend.batches).toHaveLength(3);
    expect(sender.lostSpans).toBe(0);
  });

  it('counts what the backend refuses or rejects, and does not send it again', async () => {
    const { backend, sender, write } = setUp({ batchSize: 2 });
    const answers: SendOutcome[] = [
      { kind: 'refused', error: new Error('no') },
      { kind: 'sent', rejected: 1, reason: 'too old' },
      SENT,
    ];
    backend.answer = () => answers[backend.batches.length - 1] ?? SENT;
    write(...numbered(6));
    await sender.flush();
    await sender.flush();
    expect(backend.batches).toHaveLength(3);
    expect(sender.lostSpans).toBe(3);
  });

  it('halves what the backend finds too large, and loses only a span that is so alone', async () => {
    const { backend, sender, write } = setUp({ batchSize: 8 });
    const error = new Error('too large');
    backend.answer = (spans) => {
      if (!spans.some(({ name }) => name === 's3')) return SENT;
      return spans.length > 1 ? { kind: 'tooLarge', error } : { kind: 'refused', error };
    };
    write(...numbered(16));
    await sender.flush();
    const arrived = backend.names.filter((names) => !names.includes('s3')).flat();
    expect(arrived).toEqual(numbered(16).filter((name) => name !== 's3'));
    expect(sender.lostSpans).toBe(1);
    const sizes = backend.batches.map((batch) => batch.length);
    expect(sizes.slice(0, 3)).toEqual([8, 4, 2]);
    expect(sizes.at(-1)).toBeGreaterThan(1);
  });

  it('sends nothing twice when the store is busy while it marks', async () => {
    const { dataDir, backend, sender, write } = setUp();
    write('only');
    const other = new Database(path.join(dataDir, 'traces.sqlite'));
    backend.answer = () => {
      other.exec('begin immediate');
      return SENT;
    };
    await sender.flush();
    backend.answer = () => SENT;
    await sender.flush();
    other.exec('rollback');
    other.close();
    write('next');
    await eventually(
      () => backend.names,
      (names) => names.flat().includes('next'),
      'the next span is sent',
    );
    expect(backend.names).toEqual([['only'], ['next']]);
  });

  it('leaves the spans of a living part alone and adopts those of one that is gone', async () => {
    const living = setUp({ service: 'payment-service' });
    living.backend.answer = () => never;
    living.write('of the living');
    await eventually(
      () => living.backend.batches.length,
      (count) => count === 1,
      'the living part is sending',
    );
    const gone = setUp({ dataDir: living.dataDir, service: 'shipping-service', delayMs: 60_000 });
    gone.write(...numbered(250));
    const { backend, write } = setUp({ dataDir: living.dataDir });
    write('own');
    await eventually(
      () => backend.batches.length,
      (count) => count === 4,
      'what was left is sent',
    );
    expect(backend.batches.map((batch) => batch[0]!.resource.attributes['service.name'])).toEqual([
      'order-service',
      'shipping-service',
      'shipping-service',
      'shipping-service',
    ]);
  });

  it('gives others a chance to send what it has adopted and cannot send', async () => {
    const gone = setUp({ service: 'shipping-service', delayMs: 60_000 });
    gone.write('left');
    const cut = setUp({ dataDir: gone.dataDir });
    cut.backend.answer = () => FAILED;
    await eventually(
      () => cut.backend.batches.length,
      (count) => count > 0,
      'the first tries',
    );
    const connected = setUp({ dataDir: gone.dataDir, service: 'payment-service' });
    await eventually(
      () => connected.backend.names,
      (names) => names.length > 0,
      'the second sends',
    );
    expect(connected.backend.names).toEqual([['left']]);
  });

  it('stops although the backend does not answer, and leaves the spans to the next', async () => {
    const stopping = setUp();
    stopping.backend.answer = () => never;
    stopping.write('left');
    await stopping.sender.flush();
    await stopping.sender.shutdown();
    expect(stopping.backend.aborted).toBe(true);
    expect(stopping.backend.names).toEqual([['left']]);
    const next = setUp({ dataDir: stopping.dataDir });
    await next.sender.flush();
    expect(next.backend.names).toEqual([['left']]);
  });

  it('sends on its way out what another part of its service wrote that left it to do so', async () => {
    const dataDir = newDirectory();
    const outbox = new OutboxWithSurprise({ dataDir, leaseMs: LEASE_MS });
    const first = setUp({ dataDir, outbox, delayMs: 60_000 });
    first.write('mine');
    await first.sender.flush();
    const second = setUp({ dataDir, delayMs: 60_000 });
    outbox.onEmpty = () => {
      second.write('yours');
    };
    await first.sender.shutdown();
    expect(first.backend.names).toEqual([['mine'], ['yours']]);
  });
});

/** Lets something happen once, right after a look that found nothing. */
class OutboxWithSurprise extends SpanOutbox {
  onEmpty: (() => void) | undefined;

  override take(id: number, limit: number): WaitingSpan[] {
    const taken = super.take(id, limit);
    if (taken.length === 0) {
      const { onEmpty } = this;
      this.onEmpty = undefined;
      onEmpty?.();
    }
    return taken;
  }
}
