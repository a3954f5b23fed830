import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InvalidOrderError } from '../../../src/orders/errors';
import type { Orders } from '../../../src/orders/open-orders';
import { listOrders } from '../../../src/orders/order-list';
import type { OrderListRequest } from '../../../src/orders/order-list';
import { SEARCH_ATTRIBUTES } from '../../../src/workflows/definitions';
import { quoteValue } from '../../../src/orders/visibility-query';
import { eventually } from '../../support/eventually';
import { sampleOrder } from '../../support/orders';
import { TestStack } from '../../support/stack';

const ORDERS = 60;
/** So small that every page has to look for its window, growing and narrowing it. */
const TINY = { firstMs: 1, maxOrders: 5 };

let stack: TestStack;
let session: Orders;
const ids: string[] = [];

beforeAll(async () => {
  // No worker: the orders only have to be there.
  stack = await TestStack.start({}, ['inventory']);
  session = await stack.openOrders();
  for (let n = 0; n < ORDERS; n++) {
    const orderId = `o-${String(n)}`;
    await session.orders.start(sampleOrder({ orderId, customerId: n % 2 === 0 ? 'cus_even' : 'cus_odd' }));
    ids.unshift(orderId);
  }
  await eventually(
    async () => (await session.client.workflow.count()).count,
    (count) => count === ORDERS,
    'every order is listed',
  );
});
afterAll(async () => {
  await session.close();
  await stack.stop();
});

async function everyPage(request: OrderListRequest, window?: typeof TINY): Promise<string[]> {
  const found: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await listOrders(session.client, { ...request, cursor }, window);
    expect(page.orders.length).toBeLessThanOrEqual(request.limit ?? 20);
    found.push(...page.orders.map(({ orderId }) => orderId));
    cursor = page.nextCursor;
    if (cursor === undefined) return found;
  }
}

describe('the list of orders', () => {
  it('is newest first', async () => {
    expect(await everyPage({ limit: 1000 })).toEqual(ids);
  });

  it.each([1, 7, 20, 60])('gives every order once in pages of %i', async (limit) => {
    expect(await everyPage({ limit })).toEqual(ids);
  });

  it.each([3, 7])('gives the same in pages of %i when it is too long to be read at once', async (limit) => {
    expect(await everyPage({ limit }, TINY)).toEqual(ids);
  });

  it('keeps to the filter on every page', async () => {
    const even = ids.filter((id) => Number(id.slice(2)) % 2 === 0);
    expect(await everyPage({ limit: 7, customerId: 'cus_even' })).toEqual(even);
    expect(await everyPage({ limit: 7, customerId: 'cus_even' }, TINY)).toEqual(even);
  });

  it('says that a last page that is full is the last', async () => {
    const { nextCursor } = await listOrders(session.client, { limit: ORDERS });
    expect(nextCursor).toBeUndefined();
  });

  const cursorOf = (position: unknown) => Buffer.from(JSON.stringify(position)).toString('base64url');

  it.each([
    ['nothing', ''],
    ['no JSON', 'zzz'],
    ['no position', cursorOf({})],
    ['a time before all', cursorOf([-1, 'run'])],
    ['a time that no calendar has', cursorOf([8_640_000_000_000_001, 'run'])],
    ['a time that Temporal cannot write', cursorOf([8_639_999_999_999_999, 'run'])],
    ['a time of the year 10000', cursorOf([253_402_300_800_000, 'run'])],
    ['a time that Temporal cannot count', cursorOf([9_223_372_036_854, 'run'])],
    ['half a millisecond', cursorOf([0.5, 'run'])],
  ])('refuses a cursor that is %s', async (_what, cursor) => {
    await expect(listOrders(session.client, { cursor })).rejects.toBeInstanceOf(InvalidOrderError);
  });

  it.each([
    ['the last time that there is', [9_223_372_036_853, 'run'], ORDERS],
    ['a run that is no run', [9_223_372_036_853, `' OR 1=1`], ORDERS],
    ['the first time that there is', [0, ''], 0],
  ])('takes a made-up cursor of %s for a place in the list', async (_what, position, count) => {
    const { orders } = await listOrders(session.client, { cursor: cursorOf(position), limit: 1000 });
    expect(orders).toHaveLength(count);
  });

  it.each([`x' OR CustomerId = 'cus_even`, `\\' OR CustomerId = 'cus_even`, `" OR 1=1`, `\\`, `'`])(
    'takes %j for a customer whom nobody knows',
    async (customerId) => {
      expect(await everyPage({ customerId })).toEqual([]);
    },
  );

  it('finds a value with an apostrophe', async () => {
    const customerId = `d'Artagnan`;
    const { client } = session;
    await client.workflow.start('other', {
      workflowId: 'quoted',
      taskQueue: 'nobody',
      typedSearchAttributes: [{ key: SEARCH_ATTRIBUTES.customerId, value: customerId }],
    });
    await eventually(
      async () => (await client.workflow.count(`CustomerId = ${quoteValue(customerId)}`)).count,
      (count) => count === 1,
      'the escaped value finds what has it',
    );
  });
});
