import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import type { JWK, KeyLike } from 'jose';

/** A key that tokens are signed with, and what the world is told of it. */
export interface SigningKey {
  readonly header: { readonly alg: string; readonly kid: string };
  readonly privateKey: KeyLike;
  readonly publicKey: KeyLike;
  readonly jwk: JWK;
}

export async function signingKey(alg: string, kid: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), alg, kid, use: 'sig' };
  return { header: { alg, kid }, privateKey, publicKey, jwk };
}

/** Serves a key set (JWKS) on loopback, as an identity provider does. */
export class KeyServer {
  /** What it answers: the keys of the set, or something else. */
  answer:
    { readonly keys: readonly JWK[] } | { readonly status: number } | { readonly text: string } | 'nothing';
  asked = 0;
  #server: Server | undefined;
  #port = 0;

  constructor(...keys: readonly SigningKey[]) {
    this.answer = { keys: keys.map(({ jwk }) => jwk) };
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.#port)}/jwks.json`;
  }

  /** Listens, on the port that it had before. */
  async start(): Promise<void> {
    const server = createServer((_request, response) => {
      this.asked++;
      const { answer } = this;
      if (answer === 'nothing') return;
      if ('status' in answer) response.writeHead(answer.status).end();
      else if ('text' in answer) response.end(answer.text);
      else response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    });
    this.#server = server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
}
