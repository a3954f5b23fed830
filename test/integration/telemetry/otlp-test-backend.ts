import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { ReceivedSpan } from './otlp-spans';
import { receivedSpans } from './otlp-spans';

export interface ReceivedRequest {
  readonly path: string;
  readonly type: string | undefined;
  readonly spans: readonly ReceivedSpan[];
}

/** What a backend does with a request; `hold` never answers. */
export type Answer =
  'hold' | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: Buffer };

/** An OTLP/HTTP backend on loopback that answers as it is told. */
export class OtlpTestBackend {
  /** In the order of their arrival, whatever was answered. */
  readonly requests: ReceivedRequest[] = [];
  /** Spans that were taken with a 200, each time that they were. */
  readonly taken: ReceivedSpan[] = [];
  /** Requests that have no answer yet, at the most at any time. */
  mostAtOnce = 0;
  answer: (request: ReceivedRequest) => Answer | Promise<Answer> = () => ({ status: 200 });
  readonly #server: Server;
  #port = 0;
  #open = 0;

  constructor() {
    this.#server = createServer((request, response) => {
      void buffer(request).then(
        (body) => {
          const { url = '', headers } = request;
          const received = { path: url, type: headers['content-type'], spans: receivedSpans(body) };
          return this.#receive(received, response);
        },
        () => undefined,
      );
    });
  }

  /** Its URL, also while it is down. */
  get endpoint(): string {
    return `http://127.0.0.1:${String(this.#port)}`;
  }

  /** Listens; again at the same address after {@link stop}. */
  async start(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #receive(request: ReceivedRequest, response: ServerResponse): Promise<void> {
    this.requests.push(request);
    this.#open += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#open);
    response.once('close', () => (this.#open -= 1));
    const answer = await this.answer(request);
    if (answer === 'hold') return;
    if (answer.status === 200) this.taken.push(...request.spans);
    response.writeHead(answer.status, answer.headers).end(answer.body);
  }
}
