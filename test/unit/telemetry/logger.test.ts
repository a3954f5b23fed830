import { describe, expect, it } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import { createLogger } from '../../../src/telemetry/logger';
import { temporalLogger } from '../../../src/telemetry/temporal-logger';
import { memoryTelemetry } from './memory-telemetry';

function capture(level: 'info' | 'debug' = 'info') {
  const lines: Record<string, unknown>[] = [];
  const stream = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  return { lines, logger: createLogger('payment-service', level, stream) };
}

describe('createLogger', () => {
  it('writes service, level and the ids of the active span', () => {
    const { lines, logger } = capture();
    const { tracer } = memoryTelemetry('payment-service');
    logger.info('before');
    const ids = tracer.startActiveSpan('charge', (span) => {
      logger.warn({ attempt: 2 }, 'slow');
      span.end();
      return span.spanContext();
    });
    expect(lines[0]).toMatchObject({ service: 'payment-service', level: 'info', msg: 'before' });
    expect(lines[0]).not.toHaveProperty('trace_id');
    expect(lines[1]).toMatchObject({ level: 'warn', attempt: 2, trace_id: ids.traceId, span_id: ids.spanId });
    expect(Date.parse(String(lines[1]?.['time']))).not.toBeNaN();
  });

  it('hides what an order or a request keeps to itself, where somebody logs the whole', () => {
    const { lines, logger } = capture();
    logger.info({ headers: { authorization: 'canary' }, order: { payment: { method: 'canary' } } }, 'in');
    logger.info({ shippingAddress: { name: 'canary' }, request: { shippingAddress: 'canary' } }, 'out');
    expect(JSON.stringify(lines)).not.toContain('canary');
    expect(JSON.stringify(lines)).toContain('[Redacted]');
  });

  it('writes an error with its cause but none of the data on it', () => {
    const { lines, logger } = capture();
    const cause = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' });
    const error = Object.assign(new Error('no server', { cause }), { details: ['canary'] });
    logger.error({ err: error }, 'failed');
    expect(lines[0]).toMatchObject({
      err: {
        type: 'Error',
        message: 'no server',
        cause: { code: 'ECONNREFUSED', message: 'connect refused' },
      },
    });
    expect(JSON.stringify(lines)).not.toContain('canary');
  });
});

describe('temporalLogger', () => {
  it("logs the SDK's own trouble whole and of a user's failure the type", () => {
    const { lines, logger } = capture();
    const temporal = temporalLogger(logger);
    temporal.error('Worker failed', { sdkComponent: 'worker', error: new Error('connection lost') });
    const failure = ApplicationFailure.create({
      message: 'canary',
      type: 'out_of_stock',
      details: ['canary'],
    });
    temporal.warn('Activity failed', { sdkComponent: 'worker', error: failure, activityId: '1' });
    temporal.warn('Workflow failed', { sdkComponent: 'worker', error: new Error('canary') });
    temporal.error('of the user', { sdkComponent: 'activity', error: new TypeError('canary') });
    expect(lines).toMatchObject([
      { level: 'error', msg: 'Worker failed', err: { message: 'connection lost' } },
      { level: 'warn', msg: 'Activity failed', errorType: 'out_of_stock', activityId: '1' },
      { msg: 'Workflow failed', errorType: 'Error' },
      { msg: 'of the user', errorType: 'TypeError' },
    ]);
    expect(JSON.stringify(lines)).not.toContain('canary');
  });

  it('keeps the ids that a line came with, whatever span is active when it is handed on', () => {
    const { lines, logger } = capture();
    const { tracer } = memoryTelemetry('order-service');
    tracer.startActiveSpan('somebody else', (span) => {
      temporalLogger(logger).info('hello', { trace_id: 'a', span_id: 'b', ticks: 7n });
      temporalLogger(logger).info('without');
      span.end();
    });
    expect(lines[0]).toMatchObject({ trace_id: 'a', span_id: 'b', ticks: '7' });
    expect(lines[1]).not.toHaveProperty('trace_id');
  });

  it('leaves out what is below the level', () => {
    const { lines, logger } = capture();
    temporalLogger(logger).debug('quiet');
    expect(lines).toEqual([]);
  });
});
