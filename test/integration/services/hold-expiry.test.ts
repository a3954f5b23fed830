import { afterEach, expect, it } from '@jest/globals';
import type { Config } from '../../../src/config/config';
import type { InventoryBooks, PaymentBooks } from '../../../src/domain/service-contract';
import { findFreePort } from '../../../src/temporal/ports';
import { eventually } from '../../support/eventually';
import { onEachDatabase } from '../../support/services';
import { TsProcess } from '../../support/ts-process';

const HOLDS = 20;
/** Longer than the test: cleans up once, when it starts. */
const NEVER = '86400000';

onEachDatabase((database) => {
  const processes: TsProcess[] = [];
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((process) => process.dispose()));
  });

  /** A process as a deployment runs it, that answers. */
  const start = async (
    part: 'inventory' | 'payment',
    { dataDir, databaseUrl }: Config,
    settings: Readonly<Record<string, string>>,
  ) => {
    const port = await findFreePort('127.0.0.1');
    const process = new TsProcess('src/start.ts', [part], {
      PATH: globalThis.process.env['PATH'],
      DATA_DIR: dataDir,
      DATABASE_URL: databaseUrl,
      [`${part.toUpperCase()}_SERVICE_PORT`]: String(port),
      TRACE_STORE: 'off',
      ...settings,
    });
    processes.push(process);
    await process.said(/ready/);
    return { process, url: `http://127.0.0.1:${String(port)}` };
  };
  const post = async (url: string, body: object, key: string) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const books = async <Books>(url: string) => (await (await fetch(`${url}/books`)).json()) as Books;

  it('frees what a killed process held, once, by whichever of two others is first', async () => {
    const config = await database.freshConfig();
    const killed = await start('inventory', config, {
      TCC_HOLD_TTL_MS: '1000',
      TCC_HOLD_SWEEP_INTERVAL_MS: NEVER,
    });
    const orders = Array.from({ length: HOLDS }, (_, n) => `o-${String(n)}`);
    for (const orderId of orders) {
      const items = [{ sku: 'SKU-RARE', quantity: 5 }];
      const body = { orderId, items, expectedAmount: { value: 49_500, currency: 'EUR' } };
      expect((await post(`${killed.url}/holds`, body, `${orderId}/try`)).status).toBe(201);
    }
    killed.process.signal('SIGKILL');
    await killed.process.ended;

    const often = { TCC_HOLD_SWEEP_INTERVAL_MS: '5' };
    const others = await Promise.all([start('inventory', config, often), start('inventory', config, often)]);
    const rare = async () =>
      (await books<InventoryBooks>(others[0].url)).stock.find(({ sku }) => sku === 'SKU-RARE');
    const free = await eventually(rare, (stock) => stock?.reserved === 0, 'nothing is reserved');
    expect(free).toEqual({ sku: 'SKU-RARE', seeded: 100, free: 100, reserved: 0, sold: 0 });
    await eventually(
      () => others.reduce((sum, { process }) => sum + freedBy(process), 0),
      (freed) => freed === HOLDS,
      `the two have freed ${String(HOLDS)} holds`,
    );
    const [orderId] = orders as [string];
    const confirm = { orderId, confirms: `${orderId}/try` };
    for (const { url } of others) {
      const answer = await post(`${url}/confirmations`, confirm, `${orderId}/confirm`);
      expect(answer).toMatchObject({ status: 409, body: { code: 'hold_expired' } });
    }
    // A second clean-up finds nothing more.
    expect(others.reduce((sum, { process }) => sum + freedBy(process), 0)).toBe(HOLDS);
  });

  it('voids what the provider held when the payment process was killed before it heard so', async () => {
    const config = await database.freshConfig();
    const settings = { PAYMENT_PROVIDER_TIMEOUT_MS: '60000', TCC_HOLD_TTL_MS: '1000' };
    const killed = await start('payment', config, { ...settings, TCC_HOLD_SWEEP_INTERVAL_MS: NEVER });
    const body = { orderId: 'o-1', amount: { value: 5998, currency: 'EUR' }, method: 'pm_card_timeout' };
    const unanswered = post(`${killed.url}/holds`, body, 'o-1/try').catch(() => 'no answer');
    const held = async (url: string) =>
      (await books<PaymentBooks>(url)).payments.reduce((sum, payment) => sum + payment.held, 0);
    await eventually(
      () => held(killed.url),
      (money) => money === 5998,
      'the money is held',
    );
    killed.process.signal('SIGKILL');
    await killed.process.ended;
    expect(await unanswered).toBe('no answer');

    const other = await start('payment', config, { ...settings, TCC_HOLD_SWEEP_INTERVAL_MS: '20' });
    await eventually(
      () => held(other.url),
      (money) => money === 0,
      'no money is held',
    );
    const status = await (
      await fetch(`${other.url}/payments/by-key/${encodeURIComponent('o-1/try')}`)
    ).json();
    expect(status).toMatchObject({ state: 'expired' });
    expect(await post(`${other.url}/holds`, body, 'o-1/try')).toMatchObject({
      status: 409,
      body: { code: 'hold_expired' },
    });
  });
});

/** How many holds a process says that it has freed. */
function freedBy({ stderr }: TsProcess): number {
  return [...stderr.matchAll(/"freed":(\d+)/g)].reduce((sum, [, freed]) => sum + Number(freed), 0);
}
