import { mkdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import Database from 'libsql';
import { pino } from 'pino';
import { openTraceStore } from '../../../src/telemetry/trace-store';
import { TraceStoreExporter } from '../../../src/telemetry/trace-store-exporter';
import { eventually } from '../../support/eventually';
import { newSpanId, newTraceId, readableSpan } from './spans';
import { temporaryDirectories } from './temporary-directory';

const newDirectory = temporaryDirectories();
const open: TraceStoreExporter[] = [];

function exporterFor(dataDir: string, options: { maxSpans?: number; log?: (line: string) => void } = {}) {
  const { log = () => undefined, ...rest } = options;
  const exporter = new TraceStoreExporter({ dataDir, logger: pino({}, { write: log }), ...rest });
  open.push(exporter);
  return exporter;
}

const write = (exporter: TraceStoreExporter, ...spans: ReadableSpan[]) => {
  exporter.export(spans, () => undefined);
};

function stored(dataDir: string, traceId: string) {
  const store = openTraceStore({ dataDir });
  try {
    return store.spansOf(traceId);
  } finally {
    store.close();
  }
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((exporter) => exporter.shutdown()));
});

describe('the embedded trace store', () => {
  it('gives back everything that a span says, exact to the nanosecond', () => {
    const dataDir = newDirectory();
    const traceId = newTraceId();
    const [spanId, parentId, linkedId] = [newSpanId(), newSpanId(), newSpanId()];
    write(
      exporterFor(dataDir),
      readableSpan({
        traceId,
        spanId,
        name: 'Compensation: Cancel Order',
        kind: SpanKind.CLIENT,
        parentSpanContext: { traceId, spanId: parentId, traceFlags: TraceFlags.SAMPLED },
        startTime: [1_700_000_000, 7],
        endTime: [1_700_000_000, 123_456_789],
        status: { code: SpanStatusCode.ERROR, message: 'no' },
        attributes: { 'saga.step': 'cancel_order', 'saga.step.number': 1 },
        events: [
          { name: 'exception', time: [1_700_000_000, 50_000_000], attributes: { 'exception.type': 'x' } },
        ],
        links: [{ context: { traceId, spanId: linkedId, traceFlags: TraceFlags.SAMPLED } }],
      }),
    );
    expect(stored(dataDir, traceId)).toEqual([
      {
        spanId,
        parentSpanId: parentId,
        name: 'Compensation: Cancel Order',
        kind: 'CLIENT',
        service: 'order-service',
        startTimeUnixNano: '1700000000000000007',
        endTimeUnixNano: '1700000000123456789',
        status: { code: 'ERROR', message: 'no' },
        attributes: { 'saga.step': 'cancel_order', 'saga.step.number': 1 },
        events: [
          { name: 'exception', timeUnixNano: '1700000000050000000', attributes: { 'exception.type': 'x' } },
        ],
        links: [{ traceId, spanId: linkedId }],
      },
    ]);
  });

  it('keeps a span once however often it is written, as it was told last, and never an open one over an ended one', () => {
    const dataDir = newDirectory();
    const [first, second] = [exporterFor(dataDir), exporterFor(dataDir)];
    const [traceId, spanId] = [newTraceId(), newSpanId()];
    write(first, readableSpan({ traceId, spanId, ended: false, name: 'anchor' }));
    expect(stored(dataDir, traceId)).toMatchObject([{ name: 'anchor', running: true }]);
    write(second, readableSpan({ traceId, spanId, name: 'complete' }));
    expect(stored(dataDir, traceId)).toMatchObject([{ name: 'complete' }]);
    write(first, readableSpan({ traceId, spanId, name: 'again' }));
    write(first, readableSpan({ traceId, spanId, ended: false, name: 'late anchor' }));
    expect(stored(dataDir, traceId)).toMatchObject([{ name: 'again' }]);
    expect(stored(dataDir, traceId)[0]).not.toHaveProperty('running');
  });

  it('orders the spans of a trace by start and keeps traces apart', () => {
    const dataDir = newDirectory();
    const exporter = exporterFor(dataDir);
    const traceId = newTraceId();
    write(
      exporter,
      readableSpan({ traceId, name: 'later', startTime: [1_700_000_000, 999_999_999] }),
      readableSpan({ name: 'of another trace' }),
      readableSpan({ traceId, name: 'sooner', startTime: [1_700_000_000, 1_000] }),
    );
    expect(stored(dataDir, traceId).map(({ name }) => name)).toEqual(['sooner', 'later']);
    expect(stored(dataDir, newTraceId())).toEqual([]);
  });

  it('is empty, and is not created, where nobody has written', () => {
    const dataDir = path.join(newDirectory(), 'never');
    expect(stored(dataDir, newTraceId())).toEqual([]);
    expect(() => {
      rmdirSync(dataDir);
    }).toThrow('ENOENT');
  });

  it('writes what waited once another writer lets go of the file, and loses none', async () => {
    const dataDir = newDirectory();
    const lines: string[] = [];
    const exporter = exporterFor(dataDir, { log: (line) => lines.push(line) });
    const traceId = newTraceId();
    write(exporter, readableSpan({ traceId }));
    const other = new Database(path.join(dataDir, 'traces.sqlite'));
    other.exec('begin immediate');
    for (let index = 0; index < 20; index++) write(exporter, readableSpan({ traceId }));
    expect(stored(dataDir, traceId)).toHaveLength(1);
    expect(lines.join()).toContain('Spans cannot be written to');
    other.exec('rollback');
    other.close();
    await eventually(
      () => stored(dataDir, traceId).length,
      (count) => count === 21,
      'all spans',
    );
    expect(exporter.lostSpans).toBe(0);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain('again');
  });

  it('opens a store whose directory comes later, and bounds and counts what it loses until then', async () => {
    const dataDir = path.join(newDirectory(), 'later');
    const exporter = exporterFor(dataDir);
    const traceId = newTraceId();
    for (let index = 0; index < 5_010; index++) write(exporter, readableSpan({ traceId }));
    expect(exporter.lostSpans).toBe(10);
    mkdirSync(dataDir);
    await exporter.forceFlush();
    expect(stored(dataDir, traceId)).toHaveLength(5_000);
  });

  it('writes what waits before it stops', async () => {
    const dataDir = newDirectory();
    const exporter = exporterFor(dataDir);
    const traceId = newTraceId();
    write(exporter, readableSpan());
    const other = new Database(path.join(dataDir, 'traces.sqlite'));
    other.exec('begin immediate');
    write(exporter, readableSpan({ traceId }));
    const stopped = exporter.shutdown();
    other.exec('rollback');
    other.close();
    await stopped;
    expect(stored(dataDir, traceId)).toHaveLength(1);
  });

  it('deletes the oldest traces whole beyond its bound, and none that is still written to', () => {
    const dataDir = newDirectory();
    const exporter = exporterFor(dataDir, { maxSpans: 1_000 });
    const [oldest, living, newest] = [newTraceId(), newTraceId(), newTraceId()];
    write(exporter, readableSpan({ traceId: oldest }), readableSpan({ traceId: living }));
    for (let index = 0; index < 1_499; index++) {
      write(exporter, readableSpan(index === 1_400 ? { traceId: living } : {}));
    }
    write(exporter, readableSpan({ traceId: newest }));
    expect(stored(dataDir, oldest)).toEqual([]);
    expect(stored(dataDir, living)).toHaveLength(2);
    expect(stored(dataDir, newest)).toHaveLength(1);
    const database = new Database(path.join(dataDir, 'traces.sqlite'));
    const { kept } = database.prepare('select count(*) as kept from spans').get() as { kept: number };
    database.close();
    expect(kept).toBeLessThanOrEqual(1_500);
  });
});
