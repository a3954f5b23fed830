import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually';
import { Gate } from '../../support/gate';
import { GatewayClient } from '../../support/gateway-client';
import { startPostgres } from '../../support/postgres';
import type { TestPostgres } from '../../support/postgres';
import { TestStack } from '../../support/stack';

describe('a gateway whose database goes away', () => {
  let postgres: TestPostgres;
  let gate: Gate;
  let stack: TestStack;
  let gateway: GatewayClient;
  beforeAll(async () => {
    postgres = await startPostgres();
    const url = new URL(await postgres.createDatabase());
    gate = await Gate.before(url.host);
    url.host = gate.address;
    stack = await TestStack.start({ DATABASE_URL: url.href }, ['inventory', 'gateway']);
    gateway = new GatewayClient(`http://127.0.0.1:${String(stack.config.gateway.port)}`);
  });
  afterAll(async () => {
    await stack.stop();
    await gate.stop();
    await postgres.stop();
  });

  const place = () => gateway.place({ orderId: 'o-1' }, { 'idempotency-key': 'k', prefer: 'respond-async' });
  const readiness = async () => (await gateway.get('/readyz')).status;

  it('says that it is not its own fault, and when to try again; and goes on when the database is back', async () => {
    expect(await place()).toMatchObject({ status: 202 });
    gate.close();
    for (let attempt = 1; attempt <= 2; attempt++) {
      const refused = await place();
      expect(refused).toMatchObject({ status: 503, body: { code: 'storage_unavailable' } });
      expect(refused.headers.get('retry-after')).toBe('1');
      expect(JSON.stringify(refused.body)).not.toMatch(/ECONN|postgres|terminated/i);
    }
    expect(await readiness()).toBe(503);
    expect(await gateway.get('/healthz')).toMatchObject({ status: 200 });
    // What Temporal knows needs no database.
    expect(await gateway.get('/orders')).toMatchObject({ status: 200 });

    gate.open = true;
    await eventually(readiness, (status) => status === 200, 'the gateway is ready again');
    expect(await place()).toMatchObject({ status: 202, body: { orderId: 'o-1' } });
  });
});
