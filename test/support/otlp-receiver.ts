import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { bytesOf } from '../integration/telemetry/protobuf';
import { eventually } from './eventually';

const HOST = '127.0.0.1';
const LISTEN_LIMIT_MS = 10_000;

export interface ReceivedSpan {
  readonly traceId: string;
  readonly name: string;
}

/** A tracing backend for OTLP over http/protobuf that can be in trouble. */
export class OtlpReceiver {
  /** What has arrived, answered or not. */
  readonly spans: ReceivedSpan[] = [];

  #server: Server | undefined;
  #port = 0;
  readonly #answerAfterMs: number;
  readonly #pending = new Set<NodeJS.Timeout>();

  private constructor(answerAfterMs: number) {
    this.#answerAfterMs = answerAfterMs;
  }

  /** One that answers each request this long after it has come. */
  static async start({ answerAfterMs = 0 } = {}): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver(answerAfterMs);
    await receiver.accept();
    return receiver;
  }

  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`: the same before and after {@link refuse}. */
  get endpoint(): string {
    return `http://${HOST}:${String(this.#port)}`;
  }

  /** Listens (again). */
  async accept(): Promise<void> {
    this.#server = await eventually(
      () => listen(this.#port, (request, response) => void this.#take(request, response)),
      (server) => server !== undefined,
      `port ${String(this.#port)} can be listened on`,
      LISTEN_LIMIT_MS,
    );
    this.#port = (this.#server?.address() as AddressInfo).port;
  }

  /** Drops every connection; new ones are refused by the system. */
  async refuse(): Promise<void> {
    this.#pending.forEach(clearTimeout);
    this.#pending.clear();
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request).catch(() => undefined);
    if (body === undefined) return;
    this.spans.push(...spansIn(body));
    const timer = setTimeout(() => {
      this.#pending.delete(timer);
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    }, this.#answerAfterMs);
    this.#pending.add(timer);
  }
}

/** `undefined` while something else has the port. */
async function listen(
  port: number,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server | undefined> {
  const server = createServer(handle);
  try {
    server.listen(port, HOST);
    await once(server, 'listening');
    return server;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
}

/** Field numbers of opentelemetry.proto.trace.v1. */
function spansIn(request: Buffer): ReceivedSpan[] {
  return bytesOf(request, 1)
    .flatMap((resourceSpans) => bytesOf(resourceSpans, 2))
    .flatMap((scopeSpans) => bytesOf(scopeSpans, 2))
    .map((span) => ({
      traceId: bytesOf(span, 1)[0]?.toString('hex') ?? '',
      name: String(bytesOf(span, 5)[0]),
    }));
}
