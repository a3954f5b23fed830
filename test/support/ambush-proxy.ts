import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { finished } from 'node:stream/promises';

/** When something may happen to a request: before it is passed on, once it took effect, once its answer is out. */
export type Moment = 'call' | 'effect' | 'reply';

interface Ambush {
  /** `POST /holds`. */
  readonly route: string;
  readonly moment: Moment;
  readonly strike: () => Promise<void>;
  readonly settle: (outcome: Promise<void>) => void;
}

/** An HTTP server between a service and its callers, in which once something may befall one of both. */
export class AmbushProxy {
  /** The service behind it; set before the first request. */
  target = '';
  #ambush: Ambush | undefined;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch(() => response.destroy());
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
   * Strikes once, at `moment` of the next request for `route`; nothing more comes of that request then.
   *
   * @returns when that is done, with its failure if it has one.
   */
  strikeOnce(route: string, moment: Moment, strike: () => Promise<void>): Promise<void> {
    return new Promise((settle) => {
      this.#ambush = { route, moment, strike, settle };
    });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = request;
    const route = `${method} ${url.split('?', 1)[0] ?? ''}`;
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    await finished(request);
    if (await this.#strikes(route, 'call')) return void response.destroy();
    const { host: _, connection: __, ...passed } = headers;
    const answer = await fetch(this.target + url, {
      method,
      headers: passed as Record<string, string>,
      ...(body !== '' && { body }),
    });
    const text = await answer.text();
    if (await this.#strikes(route, 'effect')) return void response.destroy();
    response.writeHead(answer.status, {
      'content-type': answer.headers.get('content-type') ?? 'application/json',
    });
    response.end(text);
    await finished(response);
    await this.#strikes(route, 'reply');
  }

  async #strikes(route: string, moment: Moment): Promise<boolean> {
    const ambush = this.#ambush;
    if (ambush?.route !== route || ambush.moment !== moment) return false;
    this.#ambush = undefined;
    const outcome = ambush.strike();
    ambush.settle(outcome);
    await outcome;
    return true;
  }
}
