import { afterAll, beforeAll } from '@jest/globals';
import type { Kysely } from 'kysely';
import { noTracer } from '../../src/cli/session';
import type { Config } from '../../src/config/config';
import { openDatabase } from '../../src/database/open-database';
import { orderWorkflowId } from '../../src/domain/ids';
import type { Order } from '../../src/domain/order';
import { OrderArchive } from '../../src/gateway/intake/archive';
import { IdempotencyKeys } from '../../src/gateway/intake/idempotency-keys';
import { OrderIntake } from '../../src/gateway/intake/order-intake';
import type { Intake, IntakeRequest } from '../../src/gateway/intake/order-intake';
import { gatewayMigrations } from '../../src/gateway/intake/tables';
import type { GatewayTables } from '../../src/gateway/intake/tables';
import { OrderNotFoundError } from '../../src/orders/errors';
import type { Orders } from '../../src/orders/open-orders';
import { serviceSource } from '../../src/orders/open-orders';
import type { OrderClient } from '../../src/orders/order-client';
import { parseOrder } from '../../src/orders/quote';
import { eventually } from './eventually';
import { sampleOrder } from './orders';
import type { TestDatabase } from './services';
import { testTelemetry } from './services-telemetry';
import { TestStack } from './stack';

/** Temporal and the catalogue, for the tests of one file; no worker: whether an order was started is all that matters. */
export class IntakeStack {
  #stack: TestStack | undefined;
  #session: Orders | undefined;

  constructor() {
    beforeAll(async () => {
      this.#stack = await TestStack.start({}, ['inventory']);
      this.#session = await this.#stack.openOrders();
    });
    afterAll(async () => {
      await this.#session?.close();
      await this.#stack?.stop();
    });
  }

  get session(): Orders {
    if (this.#session === undefined) throw new Error('The stack is not running');
    return this.#session;
  }

  /** The request of a client that sends this; an order without an id gets one each time that it is sent. */
  async request(
    { orderId, ...content }: Partial<Order> & { readonly expectedAmount?: unknown },
    idempotencyKey?: string,
  ): Promise<IntakeRequest> {
    if (this.#stack === undefined) throw new Error('The stack is not running');
    const { orderId: _unnamed, ...sample } = sampleOrder();
    const body = { ...sample, ...content, ...(orderId !== undefined && { orderId }) };
    const parsed = await parseOrder(body, serviceSource(this.#stack.config, 'inventory', noTracer()));
    return { parsed, namedByClient: orderId !== undefined, idempotencyKey };
  }

  /** Whether Temporal knows the order. */
  async exists(orderId: string): Promise<boolean> {
    try {
      await this.session.orders.summary(orderId);
      return true;
    } catch (error) {
      if (error instanceof OrderNotFoundError) return false;
      throw error;
    }
  }

  /** Has Temporal forget the order, as it does after its retention time. */
  async forget(orderId: string): Promise<void> {
    const { client, temporal } = this.session;
    await client.workflowService.deleteWorkflowExecution({
      namespace: temporal.namespace,
      workflowExecution: { workflowId: orderWorkflowId(orderId) },
    });
    await eventually(
      () => this.exists(orderId),
      (still) => !still,
      `${orderId} is forgotten`,
    );
  }
}

/** What an intake works with. */
export interface IntakeParts {
  readonly orders: Pick<OrderClient, 'place' | 'summary'>;
  readonly keys: IdempotencyKeys;
  readonly archive: OrderArchive;
}

/** The intakes of gateway processes that share one database. */
export class Gateways {
  readonly #databases: Kysely<GatewayTables>[] = [];
  #config: Config | undefined;

  constructor(
    private readonly stack: IntakeStack,
    database: TestDatabase,
  ) {
    beforeAll(async () => {
      this.#config = await database.freshConfig();
    });
    afterAll(() => Promise.all(this.#databases.map((db) => db.destroy())));
  }

  /** One more gateway process; `replaced` takes the place of some of its parts. */
  async start(replaced: (parts: IntakeParts) => Partial<IntakeParts> = () => ({})) {
    if (this.#config === undefined) throw new Error('There is no database');
    const db = await openDatabase<GatewayTables>(this.#config, {
      schema: 'gateway',
      migrations: gatewayMigrations,
      telemetry: testTelemetry(),
    });
    this.#databases.push(db);
    const parts = {
      orders: this.stack.session.orders,
      keys: new IdempotencyKeys(db),
      archive: new OrderArchive(db),
      logger: testTelemetry().logger,
    };
    return { ...parts, db, intake: new OrderIntake({ ...parts, ...replaced(parts) }) };
  }
}

export function idOf(intake: Intake): string {
  return 'order' in intake ? intake.order.orderId : intake.archived.orderId;
}

/** Whether it was this request that started the order. */
export function isNew(intake: Intake): boolean {
  return 'order' in intake && !intake.order.joined;
}
