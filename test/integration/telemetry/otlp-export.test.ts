import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { temporaryDirectories } from '../../unit/telemetry/temporary-directory';
import type { SenderReport } from './otlp-sender';
import { OtlpTestBackend } from './otlp-test-backend';

const newDirectory = temporaryDirectories();

/** Runs the sender with `environment` on top of ours; its own spans come after those called `names`. */
async function send(environment: Record<string, string>, ...names: string[]): Promise<SenderReport> {
  const args = ['--import', 'tsx', require.resolve('./otlp-sender'), newDirectory(), ...names];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return JSON.parse(output) as SenderReport;
}

describe('export over OTLP', () => {
  let backend: OtlpTestBackend;

  beforeEach(async () => {
    backend = new OtlpTestBackend();
    backend.answer = ({ spans }) => ({ status: spans.some(({ name }) => name === 'refused') ? 400 : 200 });
    await backend.start();
  });

  afterEach(async () => {
    await backend.stop();
  });

  it('sends spans of host and workflows with parent, service, links and tracestate, and stores them', async () => {
    const report = await send({ OTEL_EXPORTER_OTLP_ENDPOINT: `${backend.endpoint}/` });
    const { traceId, hostSpanId } = report;
    expect(report).toMatchObject({ lost: 0, stored: 2 });
    expect(backend.requests).toMatchObject([{ path: '/v1/traces', type: 'application/x-protobuf' }]);
    expect(backend.requests[0]?.spans).toMatchObject([
      {
        service: 'order-service',
        traceId,
        parentSpanId: '',
        name: 'StartWorkflow:orderSaga',
        traceState: '',
        links: [],
        status: 2n,
      },
      {
        service: 'order-service',
        traceId,
        parentSpanId: hostSpanId,
        name: 'Compensation: Cancel Order',
        traceState: 'vendor=abc',
        links: ['00000000000000aa'],
        status: 1n,
      },
    ]);
  });

  it('uses the endpoint for traces as it is', async () => {
    await send({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${backend.endpoint}/ingest`,
    });
    expect(backend.requests.map(({ path }) => path)).toEqual(['/ingest']);
  });

  it('counts the spans that a backend refuses, and goes on', async () => {
    const report = await send(
      { OTEL_EXPORTER_OTLP_ENDPOINT: backend.endpoint },
      'refused',
      'taken',
      'refused',
    );
    expect(report.lost).toBe(2);
    expect(backend.requests.map(({ spans }) => spans.map(({ name }) => name))).toEqual([
      ['refused'],
      ['taken'],
      ['refused'],
      ['StartWorkflow:orderSaga', 'Compensation: Cancel Order'],
    ]);
  });
});
