import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { temporaryDirectories } from '../../unit/telemetry/temporary-directory';
import type { SenderReport } from './otlp-sender';
import { bytesOf, protobufFields } from './protobuf';

const newDirectory = temporaryDirectories();

interface ReceivedSpan {
  readonly service: string;
  readonly traceId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly traceState: string;
  readonly links: string[];
  readonly status: bigint | undefined;
}

/** Field numbers of opentelemetry.proto.trace.v1. */
function receivedSpans(request: Buffer): ReceivedSpan[] {
  return bytesOf(request, 1).flatMap((resourceSpans) => {
    const attributes = bytesOf(resourceSpans, 1).flatMap((resource) => bytesOf(resource, 1));
    const service = attributes.find((attribute) => String(bytesOf(attribute, 1)[0]) === 'service.name');
    const value = service && bytesOf(service, 2)[0];
    return bytesOf(resourceSpans, 2)
      .flatMap((scopeSpans) => bytesOf(scopeSpans, 2))
      .map((span) => ({
        service: String(value && bytesOf(value, 1)[0]),
        traceId: bytesOf(span, 1)[0]?.toString('hex') ?? '',
        parentSpanId: bytesOf(span, 4)[0]?.toString('hex') ?? '',
        name: String(bytesOf(span, 5)[0]),
        traceState: String(bytesOf(span, 3)[0] ?? ''),
        links: bytesOf(span, 13).map((link) => bytesOf(link, 2)[0]?.toString('hex') ?? ''),
        status: bytesOf(span, 15)
          .flatMap(protobufFields)
          .find(({ number }) => number === 3)?.value as bigint | undefined,
      }));
  });
}

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
  let server: Server;
  let endpoint: string;
  let requests: { path: string; type: string | undefined; spans: ReceivedSpan[] }[];

  beforeEach(async () => {
    requests = [];
    server = createServer((request, response) => {
      void buffer(request).then((body) => {
        const { url = '', headers } = request;
        const spans = receivedSpans(body);
        requests.push({ path: url, type: headers['content-type'], spans });
        response.writeHead(spans.some(({ name }) => name === 'refused') ? 400 : 200).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endpoint = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('sends spans of host and workflows with parent, service, links and tracestate, and stores none', async () => {
    const report = await send({ OTEL_EXPORTER_OTLP_ENDPOINT: `${endpoint}/` });
    const { traceId, hostSpanId } = report;
    expect(report).toMatchObject({ lost: 0, stored: 0 });
    expect(requests).toMatchObject([{ path: '/v1/traces', type: 'application/x-protobuf' }]);
    expect(requests[0]?.spans).toEqual([
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
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${endpoint}/ingest`,
    });
    expect(requests.map(({ path }) => path)).toEqual(['/ingest']);
  });

  it('counts the spans that a backend refuses, and goes on', async () => {
    const report = await send({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }, 'refused', 'taken', 'refused');
    expect(report.lost).toBe(2);
    expect(requests.map(({ spans }) => spans.map(({ name }) => name))).toEqual([
      ['refused'],
      ['taken'],
      ['refused'],
      ['StartWorkflow:orderSaga', 'Compensation: Cancel Order'],
    ]);
  });
});
