import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectTemporal } from '../../../src/temporal/connection';
import { eventually } from '../../support/eventually';

/** The way to the test run's Temporal server, which can be closed and opened. */
class Gate {
  open = true;
  /** Times that somebody has found it closed. */
  refused = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor(private readonly target: { readonly host: string; readonly port: number }) {
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

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

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

describe('a connection that is lost', () => {
  let gate: Gate;
  let address: string;

  beforeEach(async () => {
    const [host = '', port] = (process.env['TEST_TEMPORAL_ADDRESS'] ?? '').split(':');
    gate = new Gate({ host, port: Number(port) });
    address = await gate.listen();
  });
  afterEach(() => gate.stop());

  it('is tried again all the time, and is there soon after the server is', async () => {
    const { connection } = await connectTemporal(
      { dataDir: '/nonexistent' },
      { environment: { TEMPORAL_ADDRESS: address } },
    );
    const answers = async () => {
      const asked = connection.withDeadline(Date.now() + 1_000, () =>
        connection.workflowService.getSystemInfo({}),
      );
      return asked.then(
        () => true,
        () => false,
      );
    };
    expect(await answers()).toBe(true);
    gate.close();
    // With gRPC's own pauses (1, 1.6, 2.6, … seconds) ten tries take two minutes.
    await eventually(
      async () => ({ answered: await answers(), refused: gate.refused }),
      ({ refused }) => refused >= 10,
      'it is tried ten times',
      40_000,
    );
    gate.open = true;
    await eventually(answers, (answered) => answered, 'it is there again', 10_000);
    await connection.close();
  });
});
