import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { finished } from 'node:stream/promises';

/** A request as it came over the wire. */
export interface RecordedRequest {
  /** `POST /orders`. */
  readonly route: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An answer to give instead of the service's. */
export interface OtherAnswer {
  readonly status: number;
  readonly body: object;
}

/** An HTTP server between a service and its callers: notes every request, and may answer in the service's place. */
export class RecordingProxy {
  readonly requests: RecordedRequest[] = [];
  /** The service behind it; set before the first request. */
  target = '';
  /** What to answer instead of asking the service; undefined: what the service answers. */
  answer: (request: RecordedRequest) => OtherAnswer | undefined = () => undefined;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch(() => response.destroy());
    });
  }

  static async start(): Promise<RecordingProxy> {
    const proxy = new RecordingProxy();
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** Every request that came for `route`. */
  requestsOf(route: string): RecordedRequest[] {
    return this.requests.filter((request) => request.route === route);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = request;
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    await finished(request);
    const recorded = { route: `${method} ${url.split('?', 1)[0] ?? ''}`, headers, body };
    this.requests.push(recorded);
    const other = this.answer(recorded);
    if (other !== undefined) {
      response.writeHead(other.status, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify(other.body));
      return;
    }
    const { host: _, connection: __, ...passed } = headers;
    const answer = await fetch(this.target + url, {
      method,
      headers: passed as Record<string, string>,
      ...(body !== '' && { body }),
    });
    response.writeHead(answer.status, {
      'content-type': answer.headers.get('content-type') ?? 'application/json',
    });
    response.end(await answer.text());
  }
}
