import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { Server } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OrderView } from '../../src/domain/order';
import { connectTemporal, TemporalUnreachableError } from '../../src/temporal/connection';
import type { Certificates } from '../support/certificates';
import { newCertificates } from '../support/certificates';
import { json, orders } from '../support/cli';
import { TestStack } from '../support/stack';
import { startParts } from '../support/stack-processes';
import type { TsProcess } from '../support/ts-process';

let certificates: Certificates;
let front: Server;
let stack: TestStack;
const sockets = new Set<Socket>();

/** What speaks TLS, and wants a certificate of its clients, in front of the server of this test run. */
async function startFront(): Promise<Server> {
  const [host = '', port] = process.env['TEST_TEMPORAL_ADDRESS']!.split(':');
  const server = createServer(
    {
      cert: readFileSync(certificates.server.cert),
      key: readFileSync(certificates.server.key),
      ca: readFileSync(certificates.ca),
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: ['h2'],
    },
    (outside) => {
      const inside = connect(Number(port), host);
      for (const [from, to] of [
        [outside, inside],
        [inside, outside],
      ] as const) {
        sockets.add(from);
        from.pipe(to);
        from.on('error', () => to.destroy());
      }
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

beforeAll(async () => {
  certificates = await newCertificates();
  front = await startFront();
  const { port } = front.address() as AddressInfo;
  const { ca, client } = certificates;
  stack = await TestStack.start(
    {
      TEMPORAL_ADDRESS: `127.0.0.1:${String(port)}`,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: ca,
      TEMPORAL_TLS_CLIENT_CERT_PATH: client.cert,
      TEMPORAL_TLS_CLIENT_KEY_PATH: client.key,
    },
    [],
  );
});
afterAll(async () => {
  await stack.stop();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => front.close(resolve));
  await certificates.remove();
});

describe('a Temporal server behind TLS that wants certificates', () => {
  it('runs orders, named by nothing but TEMPORAL_*', async () => {
    let parts: TsProcess[] = [];
    try {
      parts = await startParts(stack, ['order', 'inventory', 'payment', 'shipping', 'worker']);
      const order = json<OrderView>(await orders(['start', '--sample', '--json'], stack.environment));
      expect(order.status).toBe('completed');
      expect(sockets.size).toBeGreaterThan(2);
    } finally {
      await Promise.all(parts.map((part) => part.dispose()));
    }
  });

  it.each<[string, readonly string[]]>([
    ['without its authority', ['TEMPORAL_TLS_SERVER_CA_CERT_PATH']],
    ['without a certificate', ['TEMPORAL_TLS_CLIENT_CERT_PATH', 'TEMPORAL_TLS_CLIENT_KEY_PATH']],
    [
      'without TLS',
      ['TEMPORAL_TLS_SERVER_CA_CERT_PATH', 'TEMPORAL_TLS_CLIENT_CERT_PATH', 'TEMPORAL_TLS_CLIENT_KEY_PATH'],
    ],
  ])('is not spoken to %s', async (_, without) => {
    const environment = Object.fromEntries(
      Object.entries(stack.environment).filter(([name]) => !without.includes(name)),
    );
    await expect(connectTemporal(stack.config, { environment })).rejects.toThrow(TemporalUnreachableError);
  });
});
