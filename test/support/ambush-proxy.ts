import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { finished } from 'node:stream/promises';

/** When something may happen to a request: before it is passed on, once it took effect, once its answer is out. */
export const MOMENTS = ['call', 'effect', 'reply'] as const;
export type Moment = (typeof MOMENTS)[number];

/** What becomes of the request after the strike: it goes on as if nothing had been, or nothing more comes of it. */
export type Fate = 'goes on' | 'is lost';

export interface PassingRequest {
  /** `POST /holds`. */
  readonly route: string;
  /** Its `Idempotency-Key`. */
  readonly key: string | undefined;
}

interface Ambush {
  readonly matches: (request: PassingRequest) => boolean;
  readonly moment: Moment;
  readonly strike: () => Promise<Fate>;
  readonly settle: (outcome: Promise<Fate>) => void;
}

/** An HTTP server between a service and its callers, in which once something may befall one of both. */
export class AmbushProxy {
  /** The service behind it; set before the first request. */
  target = '';
  /** Tells of every request that comes. */
  onRequest: (request: PassingRequest) => void = () => undefined;
  /** Requests whose caller did not wait for the answer. */
  abandoned = 0;
  /** Requests that have come and are not done with, whether somebody waits for them or not. */
  underWay = 0;
  #ambush: Ambush | undefined;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.underWay++;
      response.once('close', () => {
        if (!response.writableFinished) this.abandoned++;
      });
      this.#handle(request, response)
        .catch(() => response.destroy())
        .finally(() => this.underWay--);
    });
  }

  static async start(): Promise<AmbushProxy> {
    const proxy = new AmbushProxy();
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /**
   * Strikes once, at `moment` of the next request that `matches`.
   *
   * @returns when that is done, with its failure if it has one.
   */
  strikeOnce(matches: Ambush['matches'], moment: Moment, strike: () => Promise<Fate>): Promise<Fate> {
    return new Promise((settle) => {
      this.#ambush = { matches, moment, strike, settle };
    });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = request;
    const passing = {
      route: `${method} ${url.split('?', 1)[0] ?? ''}`,
      key: headers['idempotency-key']?.toString(),
    };
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    await finished(request);
    this.onRequest(passing);
    if ((await this.#pass('call', passing)) === 'is lost') return void response.destroy();
    const { host: _, connection: __, ...passed } = headers;
    const answer = await fetch(this.target + url, {
      method,
      headers: passed as Record<string, string>,
      ...(body !== '' && { body }),
    });
    const text = await answer.text();
    if ((await this.#pass('effect', passing)) === 'is lost') return void response.destroy();
    response.writeHead(answer.status, {
      'content-type': answer.headers.get('content-type') ?? 'application/json',
    });
    response.end(text);
    await finished(response);
    await this.#pass('reply', passing);
  }

  async #pass(moment: Moment, request: PassingRequest): Promise<Fate> {
    const ambush = this.#ambush;
    if (ambush?.moment !== moment || !ambush.matches(request)) return 'goes on';
    this.#ambush = undefined;
    const outcome = ambush.strike();
    ambush.settle(outcome);
    return outcome;
  }
}
