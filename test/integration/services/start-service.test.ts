import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { expect, it } from '@jest/globals';
import type { ServiceName } from '../../../src/config/config';
import { ConfigError } from '../../../src/config/config';
import { startService } from '../../../src/services/start-service';
import { onEachDatabase } from '../../support/services';
import { testTelemetry } from '../../support/services-telemetry';

const telemetry = testTelemetry();
const SERVICES: [ServiceName, string][] = [
  ['order', 'ORDER_SERVICE_PORT'],
  ['inventory', 'INVENTORY_SERVICE_PORT'],
  ['payment', 'PAYMENT_SERVICE_PORT'],
  ['shipping', 'SHIPPING_SERVICE_PORT'],
];

onEachDatabase((database) => {
  it.each(SERVICES)('runs %s until it is stopped, again and again', async (name, variable) => {
    const port = await freePort();
    const config = await database.freshConfig({ [variable]: String(port) });
    for (let run = 0; run < 2; run += 1) {
      const part = await startService(name, { config, telemetry });
      expect(part).toMatchObject({ name, address: `http://127.0.0.1:${String(port)}` });
      expect((await fetch(`${part.address}/readyz`)).status).toBe(200);
      await part.stop();
      await expect(fetch(`${part.address}/readyz`)).rejects.toThrow();
    }
  });

  it.each(SERVICES)('names the variable when the port of %s is in use', async (name, variable) => {
    const port = await freePort();
    const squatter = createServer().listen(port, '127.0.0.1');
    await once(squatter, 'listening');
    const config = await database.freshConfig({ [variable]: String(port) });
    try {
      const starting = startService(name, { config, telemetry });
      await expect(starting).rejects.toThrow(`${variable}=${String(port)}: the port is in use`);
      await expect(starting).rejects.toBeInstanceOf(ConfigError);
    } finally {
      squatter.close();
    }
  });
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
