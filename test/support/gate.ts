import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A way to a server, which can be closed and opened while that server runs. */
export class Gate {
  open = true;
  /** Times that somebody has found it closed. */
  refused = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(private readonly target: { readonly host: string; readonly port: number }) {
    this.#server = createServer((inner) => {
      this.#keep(inner);
      if (this.open) {
        const outer = this.#keep(connect(this.target));
        inner.pipe(outer).pipe(inner);
      } else {
        this.refused++;
        inner.destroy();
      }
    });
  }

  /** An open gate before the server at `host:port`. */
  static async before(address: string): Promise<Gate> {
    const { hostname, port } = new URL(`tcp://${address}`);
    const gate = new Gate({ host: hostname, port: Number(port) });
    gate.#server.listen(0, '127.0.0.1');
    await once(gate.#server, 'listening');
    return gate;
  }

  /** `host:port` of the gate. */
  get address(): string {
    return `127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** Cuts every connection, and refuses those to come. */
  close(): void {
    this.open = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.close();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }
}
