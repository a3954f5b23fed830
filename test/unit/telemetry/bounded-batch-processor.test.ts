import { describe, expect, it } from '@jest/globals';
import { ExportResultCode } from '@opentelemetry/core';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import { pino } from 'pino';
import { BoundedBatchProcessor } from '../../../src/telemetry/bounded-batch-processor';
import { LossLog } from '../../../src/telemetry/loss-log';
import { readableSpan } from './spans';

const SETTINGS = { queueSize: 10, batchSize: 4, delayMs: 60_000 };

function setUp() {
  const losses = new LossLog(pino({ level: 'silent' }), 'http://backend');
  const exported: number[] = [];
  const exporter: SpanExporter = {
    export: (spans, done) => {
      exported.push(spans.length);
      done({ code: ExportResultCode.SUCCESS });
    },
    shutdown: () => Promise.resolve(),
  };
  const processor = new BoundedBatchProcessor(exporter, SETTINGS, losses);
  const end = (count: number, sampled = true) => {
    for (let index = 0; index < count; index++) processor.onEnd(readableSpan({ sampled }));
  };
  return { losses, exported, processor, end };
}

describe('the processor without a store', () => {
  it('counts each span that does not fit, and takes more once some have left', async () => {
    const { losses, exported, processor, end } = setUp();
    end(25);
    const first = exported.reduce((sum, count) => sum + count, 0);
    expect(losses.lost).toBe(25 - 10 - first);
    await processor.forceFlush();
    end(10);
    await processor.shutdown();
    expect(exported.reduce((sum, count) => sum + count, 0)).toBe(35 - losses.lost);
    expect(losses.lost).toBe(25 - 10 - first);
  });

  it('neither keeps nor counts what is not sampled', async () => {
    const { losses, exported, processor, end } = setUp();
    end(50, false);
    await processor.shutdown();
    expect(exported).toEqual([]);
    expect(losses.lost).toBe(0);
  });
});
