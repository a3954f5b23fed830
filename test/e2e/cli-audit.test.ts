import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AuditReport } from '../../src/orders/audit/report';
import { openSqlite } from '../../src/database/open-sqlite';
import { json, orders } from '../support/cli';
import { TestStack } from '../support/stack';

let stack: TestStack;
beforeAll(async () => {
  stack = await TestStack.start();
  for (const id of ['good', 'unshipped', 'unpaid', 'lost']) {
    const placed = await orders(['start', '--sample', '--order-id', id], stack.environment);
    expect(placed.code).toBe(0);
  }
  const failed = ['start', '--sample', '--country', 'AQ', '--order-id', 'kept'];
  expect((await orders(failed, stack.environment)).code).toBe(1);
});
afterAll(() => stack.stop());

/** Does to the books of a service what no service would do. */
async function plant(schema: string, sql: string): Promise<void> {
  const database = await openSqlite(stack.config.dataDir, schema);
  try {
    // The books themselves refuse much of this; a disk that rots, or a tool, does not ask them.
    database.exec('pragma ignore_check_constraints = on');
    database.exec(sql);
  } finally {
    database.close();
  }
}

const audit = async () => {
  const result = await orders(['audit', '--json'], stack.environment);
  return { code: result.code, report: json<AuditReport & Record<string, unknown>>(result) };
};

describe('orders audit on real books', () => {
  it('is clean, and prints the balance, while nothing is wrong', async () => {
    const { code, report } = await audit();
    expect(code).toBe(0);
    expect(report).toMatchObject({
      ok: true,
      money: { charged: 5 * 5998, refunded: 5998, held: 0, captured: 4 * 5998 },
      orders: { completed: 4, failed: 1 },
      violations: [],
      debts: [],
      unchecked: [],
    });
    expect(report.stock).toContainEqual({
      sku: 'SKU-KEYBOARD',
      seeded: 10_000,
      free: 9_992,
      reserved: 0,
      sold: 8,
    });
  });

  it.each<[string, string, string, string, string, object]>([
    [
      'a lost unit of stock',
      'inventory',
      `update stock set free = free - 1 where sku = 'SKU-MOUSE'`,
      `update stock set free = free + 1 where sku = 'SKU-MOUSE'`,
      'stock_conserved',
      {},
    ],
    [
      'units sold without a reservation',
      'inventory',
      `update stock set free = free - 1, sold = sold + 1 where sku = 'SKU-MOUSE'`,
      `update stock set free = free + 1, sold = sold - 1 where sku = 'SKU-MOUSE'`,
      'stock_conserved',
      {},
    ],
    [
      'a completed order whose shipment was cancelled',
      'shipping',
      `update shipments set status = 'cancelled' where order_id = 'unshipped'`,
      `update shipments set status = 'created' where order_id = 'unshipped'`,
      'completed_in_full',
      { orderId: 'unshipped' },
    ],
    [
      'a failed order whose order row stands',
      'orders',
      `update orders set status = 'created' where order_id = 'kept'`,
      `update orders set status = 'cancelled' where order_id = 'kept'`,
      'nothing_stands',
      { orderId: 'kept' },
    ],
    [
      'a completed order that paid another price',
      'orders',
      `update orders set amount = amount + 1 where order_id = 'unpaid'`,
      `update orders set amount = amount - 1 where order_id = 'unpaid'`,
      'money_conserved',
      { orderId: 'unpaid' },
    ],
    [
      'a hold that its service should have freed',
      'inventory',
      `update stock set free = free - 1, reserved = reserved + 1 where sku = 'SKU-MOUSE';
       insert into reservations values ('x', 'x', 'held', 'held', '[{"sku":"SKU-MOUSE","quantity":1}]', 1, 0, 0)`,
      `update stock set free = free + 1, reserved = reserved - 1 where sku = 'SKU-MOUSE';
       delete from reservations where order_id = 'held'`,
      'hold_left',
      { orderId: 'held' },
    ],
    [
      'stock that is reserved without a hold',
      'inventory',
      `update stock set free = free - 1, reserved = reserved + 1 where sku = 'SKU-MOUSE'`,
      `update stock set free = free + 1, reserved = reserved - 1 where sku = 'SKU-MOUSE'`,
      'stock_conserved',
      {},
    ],
    [
      'a shipment of an order that nobody knows',
      'shipping',
      `insert into shipments select 'x', 'x', 'ghost', items, address, country, status, 0, 0 from shipments limit 1`,
      `delete from shipments where order_id = 'ghost'`,
      'orphan_effect',
      { orderId: 'ghost' },
    ],
  ])('finds and names %s, with 1', async (_, schema, wrong, right, rule, about) => {
    await plant(schema, wrong);
    try {
      const { code, report } = await audit();
      expect(code).toBe(1);
      expect(report.ok).toBe(false);
      expect(report.violations).toEqual([{ rule, detail: expect.any(String), ...about }]);
    } finally {
      await plant(schema, right);
    }
    expect((await audit()).report.violations).toEqual([]);
  });

  it('needs all four services: half an audit would be none', async () => {
    await stack.stopPart('payment');
    try {
      const result = await orders(['audit', '--json'], stack.environment);
      expect(result.code).toBe(3);
      expect(json(result)).toMatchObject({ error: { code: 'service_unreachable' } });
      expect(result.stdout).toContain('PAYMENT_SERVICE_URL');
    } finally {
      await stack.startPart('payment');
    }
  });
});

describe('orders audit while orders are placed', () => {
  it('reports nothing that is merely in progress', async () => {
    const { orders: client, audit: auditNow, close } = await stack.openOrders();
    try {
      const request = (n: number) => ({
        customerId: 'cus_busy',
        items: [{ sku: 'SKU-RARE', quantity: 1 }],
        payment: { method: n % 3 === 0 ? 'pm_card_declined' : 'pm_card_visa' },
        shippingAddress: {
          name: 'A',
          line1: '1',
          city: 'B',
          postalCode: '1',
          country: n % 5 === 0 ? 'AQ' : 'DE',
        },
      });
      const placed = await Promise.all(Array.from({ length: 40 }, (_, n) => client.start(request(n))));
      const progress = { done: false };
      const outcomes = Promise.all(
        placed.map(({ orderId }) => client.waitForOutcome(orderId, { timeoutMs: 60_000 })),
      ).finally(() => (progress.done = true));
      do {
        expect((await auditNow()).violations).toEqual([]);
      } while (!progress.done);
      expect((await outcomes).filter((order) => order === undefined)).toEqual([]);
      expect((await auditNow()).violations).toEqual([]);
    } finally {
      await close();
    }
  });
});
