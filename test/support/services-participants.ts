import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Config } from '../../src/config/config';
import type { BarrierTables } from '../../src/services/barrier/barrier-table';
import type { InventoryBooks } from '../../src/domain/service-contract';
import { openDatabase } from '../../src/database/open-database';
import { buildInventoryApp } from '../../src/services/inventory/app';
import { SEED } from '../../src/services/inventory/seed';
import type { InventoryTables } from '../../src/services/inventory/tables';
import { inventoryMigrations } from '../../src/services/inventory/tables';
import { buildPaymentApp } from '../../src/services/payment/app';
import { openSandboxProvider } from '../../src/services/payment/sandbox/sandbox-provider';
import type { SandboxTables } from '../../src/services/payment/sandbox/tables';
import { sandboxMigrations } from '../../src/services/payment/sandbox/tables';
import { paymentMigrations } from '../../src/services/payment/tables';
import type { ServiceApp } from '../../src/services/service-app';
import type { HttpAnswer, ServiceUnderTest, TestDatabase } from './services';
import { serve } from './services';
import { FaultyProvider } from './services-faulty-provider';
import { testTelemetry } from './services-telemetry';

/** What a coordinator asks of a participant. */
export type TccRequest = 'try' | 'confirm' | 'cancel' | 'reverse';

/** Units of stock, or minor units of money. */
export interface Standing {
  readonly held: number;
  readonly taken: number;
}

/** A TCC participant on its database, in as many processes as are wanted: they meet in the database only. */
export class ParticipantUnderTest {
  private constructor(
    private readonly kind: ParticipantKind,
    private readonly config: Config,
    private processes: readonly Process[],
    private readonly barrier: Kysely<BarrierTables>,
    private readonly standings: Standings,
  ) {}

  static async open(kind: ParticipantKind, config: Config, processes = 1): Promise<ParticipantUnderTest> {
    const started = await Promise.all(Array.from({ length: processes }, () => kind.start(config)));
    const options = { telemetry: testTelemetry(), schema: kind.schema, migrations: kind.migrations };
    const barrier = await openDatabase<BarrierTables>(config, options);
    return new ParticipantUnderTest(kind, config, started, barrier, await kind.openStandings(config));
  }

  /** What a try of any order takes. */
  get amount(): number {
    return this.kind.amount;
  }

  /** Of the payment service: the provider as a process sees it; another after a restart. */
  provider(process = 0): FaultyProvider {
    const provider = this.processes[process]?.provider;
    if (provider === undefined) throw new Error(`${this.kind.name} has no provider`);
    return provider;
  }

  /** New processes on the same database, without faults. */
  async restart(): Promise<void> {
    await this.stopProcesses();
    this.processes = await Promise.all(this.processes.map(() => this.kind.start(this.config)));
  }

  /** @param suffix of the request's own key; one request is sent under one key unless it says otherwise. */
  async send(
    order: string,
    request: TccRequest,
    { process = 0, suffix = '', method = 'pm_card_visa' } = {},
  ): Promise<HttpAnswer> {
    const service = this.processes[process]?.service;
    if (service === undefined) throw new Error(`there is no process ${String(process)}`);
    const key = `${order}/try`;
    switch (request) {
      case 'try':
        return service.post('/holds', this.kind.tryBody(order, method), key);
      case 'confirm':
        return service.post('/confirmations', { orderId: order, confirms: key }, `${order}/confirm${suffix}`);
      case 'cancel':
        return service.post(
          '/cancellations',
          { orderId: order, compensates: key },
          `${order}/cancel${suffix}`,
        );
      case 'reverse':
        return service.post('/reversals', { orderId: order, compensates: key }, `${order}/reverse${suffix}`);
    }
  }

  post(route: string, body: object, key?: string): Promise<HttpAnswer> {
    return this.processes[0]!.service.post(route, body, key);
  }

  get(pathAndQuery: string): Promise<HttpAnswer> {
    return this.processes[0]!.service.get(pathAndQuery);
  }

  /** Of the inventory service: its books, page after page. */
  async *inventoryPages(): AsyncGenerator<InventoryBooks> {
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const query = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body } = await this.get(`/books?limit=1000${query}`);
      const books = body as unknown as InventoryBooks;
      yield books;
      cursor = books.nextCursor;
    }
  }

  /** What the order has, from the books themselves. */
  standing(order: string): Promise<Standing> {
    return this.standings.of(order);
  }

  /** Lets the time of an order's hold be over, if it has any (or lets it end at `end`): nobody waits for a clock. */
  async timePasses(order: string, end = '1970-01-02'): Promise<void> {
    await this.barrier
      .updateTable('barrier')
      .set({ expires_at: Date.parse(end) })
      .where('key', '=', `${order}/try`)
      .where('expires_at', 'is not', null)
      .execute();
  }

  /** When the order's hold ends by itself; null when it does not, or not any more. */
  async endOf(order: string): Promise<number | null> {
    const row = await this.barrier
      .selectFrom('barrier')
      .select('expires_at')
      .where('key', '=', `${order}/try`)
      .executeTakeFirstOrThrow();
    return row.expires_at;
  }

  async stop(): Promise<void> {
    await this.stopProcesses();
    await Promise.all([this.barrier.destroy(), this.standings.close()]);
  }

  private async stopProcesses(): Promise<void> {
    await Promise.all(this.processes.map(({ service }) => service.stop()));
  }
}

interface Process {
  readonly service: ServiceUnderTest;
  readonly provider?: FaultyProvider;
}

interface Standings {
  of(order: string): Promise<Standing>;
  close(): Promise<void>;
}

/** What the two participants differ in. */
export interface ParticipantKind {
  readonly name: string;
  readonly schema: string;
  readonly migrations: Parameters<typeof openDatabase>[1]['migrations'];
  readonly amount: number;
  start(config: Config): Promise<Process>;
  tryBody(order: string, method: string): object;
  openStandings(config: Config): Promise<Standings>;
}

const IN_STOCK = SEED.filter(({ units }) => units >= 1000);

export const INVENTORY: ParticipantKind = {
  name: 'inventory',
  schema: 'inventory',
  migrations: inventoryMigrations,
  amount: 1,
  start: async (config) => ({
    service: await served(buildInventoryApp({ config, telemetry: testTelemetry() })),
  }),
  tryBody: (order) => {
    // The same thing for the same order; different ones, so that orders do not all wait for one row.
    const { sku, price } = IN_STOCK[Number(/\d+$/.exec(order)?.[0] ?? 0) % IN_STOCK.length]!;
    return {
      orderId: order,
      items: [{ sku, quantity: 1 }],
      expectedAmount: { value: price, currency: 'EUR' },
    };
  },
  openStandings: async (config) => {
    const db = await openDatabase<InventoryTables>(config, {
      schema: 'inventory',
      migrations: inventoryMigrations,
      telemetry: testTelemetry(),
    });
    return {
      of: async (order) => {
        const rows = await db
          .selectFrom('reservations')
          .select('state')
          .where('order_id', '=', order)
          .execute();
        const count = (state: string) => rows.filter((row) => row.state === state).length;
        return { held: count('held'), taken: count('sold') };
      },
      close: () => db.destroy(),
    };
  },
};

export const PAYMENT: ParticipantKind = {
  name: 'payment',
  schema: 'payment',
  migrations: paymentMigrations,
  amount: 5998,
  start: async (config) => {
    const telemetry = testTelemetry();
    const provider = new FaultyProvider(await openSandboxProvider(config, telemetry));
    return { service: await served(buildPaymentApp({ config, telemetry, provider })), provider };
  },
  tryBody: (order, method) => ({ orderId: order, amount: { value: 5998, currency: 'EUR' }, method }),
  openStandings: async (config) => {
    const db = await openDatabase<SandboxTables>(config, {
      schema: 'payment_provider',
      migrations: sandboxMigrations,
      telemetry: testTelemetry(),
    });
    return {
      of: async (order) => {
        const row = await db
          .selectFrom('charges')
          .select([
            sql<number>`coalesce(cast(sum(held) as bigint), 0)`.as('held'),
            sql<number>`coalesce(cast(sum(charged - refunded) as bigint), 0)`.as('taken'),
          ])
          .where('order_id', '=', order)
          .executeTakeFirstOrThrow();
        return { held: row.held, taken: row.taken };
      },
      close: () => db.destroy(),
    };
  },
};

async function served(app: Promise<ServiceApp>): Promise<ServiceUnderTest> {
  return serve(await app);
}

/** An answer in one word: what was done, or why it was not; `again` when it comes from an earlier request. */
export function wordOf({ status, body, replayed }: HttpAnswer): string {
  const word = status === 201 ? 'held' : status === 200 ? String(body['result']) : String(body['code']);
  return replayed ? `${word} again` : word;
}

/** A payment service that waits long for its provider, and cleans up all the time. */
export async function patientPayment(database: TestDatabase): Promise<ParticipantUnderTest> {
  const config = await database.freshConfig({
    PAYMENT_PROVIDER_TIMEOUT_MS: '20000',
    TCC_HOLD_SWEEP_INTERVAL_MS: '20',
  });
  return ParticipantUnderTest.open(PAYMENT, config);
}
