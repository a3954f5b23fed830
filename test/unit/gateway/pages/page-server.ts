import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { PAGE_ASSETS } from '../../../../src/gateway/pages';
import type { PageAsset } from '../../../../src/gateway/pages';

/** What the gateway sends with every page. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const ASSETS: readonly PageAsset[] = Object.values(PAGE_ASSETS);

export interface PostedForm {
  readonly path: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Serves pages as the gateway does: under its policy, with their assets, an event stream and forms. */
export class PageServer {
  /** By path. */
  readonly pages = new Map<string, string>();
  readonly posted: PostedForm[] = [];
  /** The event streams that were ever opened, and those that still are. */
  opened = 0;
  refusesStreams = false;
  readonly #streams = new Set<ServerResponse>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  async start(): Promise<void> {
    await new Promise<void>((listening) => this.#server.listen(0, '127.0.0.1', listening));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  get streams(): number {
    return this.#streams.size;
  }

  send(event: string, data: unknown): void {
    for (const stream of this.#streams) stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  dropStreams(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url: path = '/', method } = request;
    const asset = ASSETS.find((each) => each.path === path);
    if (method === 'POST') {
      this.posted.push({ path, fields: Object.fromEntries(new URLSearchParams(await text(request))) });
      response.writeHead(303, { location: '/posted' }).end();
    } else if (path.endsWith('/events') && this.refusesStreams) {
      response.writeHead(503).end();
    } else if (path.endsWith('/events')) {
      this.#openStream(response);
    } else if (asset !== undefined) {
      response.writeHead(200, { 'content-type': asset.contentType }).end(asset.body);
    } else {
      const page = this.pages.get(path);
      response.writeHead(page === undefined ? 404 : 200, {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': POLICY,
      });
      response.end(page);
    }
  }

  #openStream(response: ServerResponse): void {
    this.opened++;
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    // Browsers wait three seconds before they open a lost stream again.
    response.write('retry: 10\n\n');
  }
}
