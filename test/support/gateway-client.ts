import { SAMPLE_ORDER } from '../../src/domain/sample-order';

/** An answer of the gateway, read. */
export interface GatewayAnswer<Body = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface GatewayRequest {
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, or the text itself. */
  readonly body?: unknown;
}

/** Speaks to a gateway as any HTTP client would. */
export class GatewayClient {
  /** @param url of the gateway. */
  constructor(readonly url: string) {}

  async request<Body = Record<string, unknown>>(
    method: string,
    path: string,
    { headers = {}, body }: GatewayRequest = {},
  ): Promise<GatewayAnswer<Body>> {
    const response = await fetch(this.url + path, {
      method,
      redirect: 'manual',
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson ? JSON.parse(text) : text) as Body,
    };
  }

  get<Body = Record<string, unknown>>(path: string, headers: Readonly<Record<string, string>> = {}) {
    return this.request<Body>('GET', path, { headers });
  }

  /** Places the sample order with these changes. */
  place<Body = Record<string, unknown>>(
    changes: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    return this.request<Body>('POST', '/orders', { headers, body: orderBody(changes) });
  }
}

/** The sample order as a body; `changes` replace whole members. */
export function orderBody(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { ...SAMPLE_ORDER, ...changes };
}

/** The sample's address in another country. */
export function shippedTo(country: string) {
  return { shippingAddress: { ...SAMPLE_ORDER.shippingAddress, country } };
}
