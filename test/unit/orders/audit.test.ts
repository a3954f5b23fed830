import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { noTracer } from '../../../src/cli/session';
import type { OrderStatus, OrderView } from '../../../src/domain/order';
import { auditOrders } from '../../../src/orders/audit/audit';
import type { BookSources } from '../../../src/orders/audit/books';
import { OrderNotFoundError } from '../../../src/orders/errors';
import type { OrderSummary } from '../../../src/orders/order-summary';

const amount = { value: 100, currency: 'EUR' };
/** What the services answer to `GET /<service>/books`, page after page. */
type Pages = Record<'order' | 'inventory' | 'payment' | 'shipping', object[]>;

let server: Server;
let sources: BookSources;
let pages: Pages;
let requests: string[];

beforeAll(async () => {
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    const service = url.pathname.split('/')[1] as keyof Pages;
    requests.push(service);
    const page = Number(url.searchParams.get('cursor') ?? 0);
    const last = page >= pages[service].length - 1;
    response.end(JSON.stringify({ ...pages[service][page], ...(!last && { nextCursor: String(page + 1) }) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const source = (name: string) => ({ name, url: `${base}/${name}`, tracer: noTracer() });
  sources = {
    order: source('order'),
    inventory: source('inventory'),
    payment: source('payment'),
    shipping: source('shipping'),
  };
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  requests = [];
  pages = {
    order: [{ orders: [] }],
    inventory: [{ stock: [], reservations: [] }],
    payment: [{ payments: [] }],
    shipping: [{ shipments: [] }],
  };
});

function summary(orderId: string, status: OrderStatus, closedAt?: string): OrderSummary {
  return {
    orderId,
    workflowId: `order-${orderId}`,
    runId: 'run',
    transaction: 'saga',
    status,
    customerId: 'cus_1',
    amount,
    createdAt: '2026-01-01T00:00:00.000Z',
    ...(closedAt !== undefined && { closedAt }),
  };
}
const CLOSED = '2026-01-01T00:00:01.000Z';

/** Audits with a Temporal that lists `listed`, and knows `known` when asked for one order. */
function audit(listed: readonly OrderSummary[], known: readonly OrderSummary[] = listed) {
  const list = async function* () {
    for (const { closedAt, createdAt, ...order } of listed) {
      yield await Promise.resolve({
        ...order,
        type: 'orderSaga',
        status: { name: closedAt === undefined ? 'RUNNING' : 'COMPLETED' },
        memo: {},
        startTime: new Date(createdAt),
        ...(closedAt !== undefined && { closeTime: new Date(closedAt) }),
        typedSearchAttributes: {
          get: ({ name }: { name: string }) => (name === 'OrderStatus' ? order.status : 'cus_1'),
        },
      });
    }
  };
  return auditOrders({
    client: { workflow: { list } } as unknown as Client,
    orders: {
      summary: (orderId) => {
        const found = known.find((order) => order.orderId === orderId);
        return found === undefined ? Promise.reject(new OrderNotFoundError(orderId)) : Promise.resolve(found);
      },
      // Nobody gave anything up.
      get: () => Promise.resolve({ compensations: [] } as unknown as OrderView),
    },
    sources,
  });
}

const createdRow = (orderId: string) => ({ orderId, status: 'created', amount });

describe('an audit', () => {
  it('does not take an order that Temporal does not list yet for an orphan', async () => {
    pages.order = [{ orders: [createdRow('new')] }];
    const report = await audit([], [summary('new', 'running')]);
    expect(report).toMatchObject({ ok: true, violations: [], orders: { running: 1 } });
  });

  it('finds an effect whose order nobody knows', async () => {
    pages.order = [{ orders: [createdRow('ghost')] }];
    const report = await audit([]);
    expect(report.violations).toMatchObject([{ orderId: 'ghost', rule: 'orphan_effect' }]);
  });

  it('is strict with an order that is final, though the list still calls it running', async () => {
    pages.order = [{ orders: [createdRow('late')] }];
    const report = await audit([summary('late', 'running')], [summary('late', 'failed', CLOSED)]);
    expect(report.violations).toMatchObject([{ orderId: 'late', rule: 'nothing_stands' }]);
    expect(report.orders).toEqual({ failed: 1 });
  });

  it('is lenient with an order that ended only after its books were read', async () => {
    pages.order = [{ orders: [createdRow('now')] }];
    const report = await audit([], [summary('now', 'failed', CLOSED)]);
    expect(report.violations).toEqual([]);
  });

  it('calls orders archived that were completed and that Temporal has dropped since', async () => {
    pages.order = [{ orders: [createdRow('old')] }];
    pages.inventory = [
      {
        stock: [{ sku: 'A', seeded: 2, free: 1, reserved: 0, sold: 1 }],
        reservations: [{ orderId: 'old', state: 'sold', items: [{ sku: 'A', quantity: 1 }] }],
      },
    ];
    pages.payment = [{ payments: [{ orderId: 'old', currency: 'EUR', charged: 100, refunded: 0, held: 0 }] }];
    pages.shipping = [{ shipments: [{ orderId: 'old', status: 'created' }] }];
    const report = await audit([]);
    expect(report).toMatchObject({ ok: true, orders: { archived: 1 }, money: { captured: 100 } });
  });

  it('reads every page of every book', async () => {
    const payment = (orderId: string) => ({ orderId, currency: 'EUR', charged: 100, refunded: 100, held: 0 });
    pages.payment = [
      { payments: [payment('a')] },
      { payments: [payment('b')] },
      { payments: [payment('c')] },
    ];
    const report = await audit([]);
    expect(report.money).toEqual({ charged: 300, refunded: 300, held: 0, captured: 0 });
    expect(requests.filter((service) => service === 'payment')).toHaveLength(3);
  });

  it('sums each currency by itself', async () => {
    const payment = (orderId: string, currency: string) => ({
      orderId,
      currency,
      charged: 5,
      refunded: 5,
      held: 0,
    });
    pages.payment = [{ payments: [payment('a', 'EUR'), payment('b', 'USD'), payment('c', 'USD')] }];
    const { currencies } = await audit([]);
    expect(currencies.map(({ currency, charged }) => [currency, charged])).toEqual([
      ['EUR', 5],
      ['USD', 10],
    ]);
  });

  it('does not read books that go in circles for ever', async () => {
    pages.shipping = [{ shipments: [], nextCursor: '0' }];
    await expect(audit([])).rejects.toThrow(/circles/);
  });
});
