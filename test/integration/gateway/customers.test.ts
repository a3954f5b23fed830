import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Order } from '../../../src/domain/order';
import { eventually } from '../../support/eventually';
import { send } from '../../support/http-request';
import type { HttpRequest, HttpResponse } from '../../support/http-request';
import { sampleOrder } from '../../support/orders';
import { TestStack } from '../../support/stack';
import { JWT_SECRET, signToken } from '../../support/tokens';

const PAGE = { accept: 'text/html' };
const OTHER_ITEMS = [{ sku: 'SKU-MOUSE', quantity: 1 }];

describe('customers of one gateway', () => {
  let stack: TestStack;
  let alice: string;
  let bob: string;
  let operator: string;
  let aliceOrder: string;
  let bobOrder: string;

  const ask = (path: string, request: HttpRequest): Promise<HttpResponse> =>
    send(`http://127.0.0.1:${String(stack.config.gateway.port)}${path}`, request);
  const place = (token: string, order: Partial<Order>, headers: Readonly<Record<string, string>> = {}) =>
    ask('/orders', { token, headers, body: sampleOrder(order) });

  beforeAll(async () => {
    stack = await TestStack.start({ GATEWAY_JWT_SECRET: JWT_SECRET });
    const scope = 'orders:write orders:read';
    alice = await signToken({ sub: 'alice', scope });
    // Whose subject is a person, and whose customer is what the person buys for.
    bob = await signToken({ sub: 'bob@shop.example', customer_id: 'bob-ltd', scope });
    operator = await signToken({ sub: 'olga', scope: 'orders:operate' });
    const placed = await Promise.all([
      place(alice, { customerId: 'alice' }),
      place(bob, { customerId: 'bob-ltd' }),
    ]);
    expect(placed.map(({ status }) => status)).toEqual([201, 201]);
    [aliceOrder, bobOrder] = placed.map((answer) => String(answer.json()['orderId'])) as [string, string];
    await eventually(
      async () => (await ask('/orders', { token: operator })).json()['orders'],
      (orders) => (orders as unknown[]).length === 2,
      'both orders are listed',
    );
  });

  afterAll(() => stack.stop());

  it('see their own order, its trace, its page and its events', async () => {
    expect((await ask(`/orders/${aliceOrder}`, { token: alice })).json()['customerId']).toBe('alice');
    expect((await ask(`/orders/${bobOrder}`, { token: bob })).json()['customerId']).toBe('bob-ltd');
    expect((await ask(`/orders/${aliceOrder}/trace`, { token: alice })).status).toBe(200);
    expect((await ask(`/orders/${aliceOrder}`, { token: alice, headers: PAGE })).text).toContain(aliceOrder);
    const events = await ask(`/orders/${aliceOrder}/events`, { token: alice });
    expect(events.headers['content-type']).toBe('text/event-stream');
    expect(events.text).toMatch(/^event: order\n[^]*\nevent: end\n/);
  });

  describe.each<[string, (id: string) => [path: string, HttpRequest]]>([
    ['order', (id) => [`/orders/${id}`, {}]],
    ['order, by HEAD', (id) => [`/orders/${id}`, { method: 'HEAD' }]],
    ['page', (id) => [`/orders/${id}`, { headers: PAGE }]],
    ['trace', (id) => [`/orders/${id}/trace`, {}]],
    ['events', (id) => [`/orders/${id}/events`, {}]],
    ['cancelling', (id) => [`/orders/${id}/cancel`, { body: { reason: 'not mine' } }]],
    [
      'cancelling, by a form',
      (id) => [
        `/orders/${id}/cancel`,
        { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'reason=not+mine' },
      ],
    ],
  ])('asked for somebody else’s %s', (_, request) => {
    it('are told what they would be of an order that there is not', async () => {
      const unknown = `ord_${randomUUID()}`;
      const answers = await Promise.all(
        [aliceOrder, unknown].map(async (id) => {
          const [path, rest] = request(id);
          return withoutIds(await ask(path, { ...rest, token: bob }), id);
        }),
      );
      expect(answers[0]!.status).toBe(404);
      expect(answers[0]).toEqual(answers[1]);
    });
  });

  it('change nothing by having tried', async () => {
    const { status, compensations } = (await ask(`/orders/${aliceOrder}`, { token: operator })).json();
    expect([status, compensations]).toEqual(['completed', []]);
  });

  it('have none but their own orders in their lists, whatever they ask for', async () => {
    const idsOf = async (query: string, token: string) => {
      const { orders } = (await ask(`/orders${query}`, { token })).json() as {
        orders: { orderId: string }[];
      };
      return orders.map(({ orderId }) => orderId);
    };
    expect(await idsOf('', alice)).toEqual([aliceOrder]);
    expect(await idsOf('?status=completed', bob)).toEqual([bobOrder]);
    expect(await idsOf('?customerId=bob-ltd', bob)).toEqual([bobOrder]);
    expect(await idsOf('?customerId=alice', bob)).toEqual([]);
    expect((await idsOf('', operator)).sort()).toEqual([aliceOrder, bobOrder].sort());
    expect(await idsOf('?customerId=alice', operator)).toEqual([aliceOrder]);

    const first = (await ask('/orders?limit=1', { token: operator })).json()['nextCursor'];
    const others = await idsOf(`?cursor=${String(first)}`, bob);
    expect(others).not.toContain(aliceOrder);
  });

  it('have none but their own orders, and their number, on the page of all', async () => {
    for (const query of ['', '?customerId=alice']) {
      // Each state is counted by itself: an order that changes its state meanwhile may be counted in two, or in none.
      const page = await eventually(
        async () => (await ask(`/${query}`, { token: bob, headers: PAGE })).text,
        (text) => /<span class="count">1<\/span>\s*<span class="count-name">All</.test(text),
        'one order is counted',
      );
      expect(page).toContain(bobOrder);
      expect(page).not.toContain(aliceOrder);
    }
  });

  it('cannot place an order for somebody else', async () => {
    const orderId = `ord_${randomUUID()}`;
    const refused = await place(bob, { orderId, customerId: 'alice' });
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([403, undefined]);
    expect(refused.json()).toMatchObject({
      code: 'forbidden',
      errors: [{ field: 'customerId', message: 'must be the customer that the token is for' }],
    });
    expect((await ask(`/orders/${orderId}`, { token: operator })).status).toBe(404);
  });

  it('do not learn by an order id that is taken whose it is', async () => {
    const taken = await place(bob, { orderId: aliceOrder, customerId: 'bob-ltd', items: OTHER_ITEMS });
    expect(taken.status).toBe(422);
    expect(taken.json()).toMatchObject({ code: 'order_id_reused', orderId: aliceOrder });
    expect(taken.text).not.toContain('alice');
    expect(taken.headers.location).toBeUndefined();
  });

  it('may use the same idempotency key, each for an order of its own', async () => {
    const headers = { 'idempotency-key': 'first-order' };
    const { orderId: _, ...content } = sampleOrder();
    const answers = await Promise.all([
      ask('/orders', { token: alice, headers, body: { ...content, customerId: 'alice' } }),
      ask('/orders', { token: bob, headers, body: { ...content, customerId: 'bob-ltd' } }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    expect(answers.map((answer) => answer.headers['idempotent-replayed'])).toEqual([undefined, undefined]);
    const [first, second] = answers.map((answer) => answer.json());
    expect(first!['orderId']).not.toBe(second!['orderId']);
    expect([first!['customerId'], second!['customerId']]).toEqual(['alice', 'bob-ltd']);
  });

  it('leave the operator’s actions to operators, who do them under the name of their token', async () => {
    const { shippingAddress } = sampleOrder();
    const parked = await place(operator, {
      customerId: 'alice',
      payment: { method: 'pm_card_refund_fails' },
      shippingAddress: { ...shippingAddress, country: 'AQ' },
    });
    expect(parked.json()).toMatchObject({ code: 'shipping_unavailable', orderStatus: 'needs_attention' });
    const skip = `/orders/${String(parked.json()['orderId'])}/compensations/refund_payment/skip`;
    const body = { by: 'somebody else', reason: 'paid back by bank transfer' };

    expect((await ask(skip, { token: alice, body })).status).toBe(403);
    const skipped = await ask(skip, { token: operator, body });
    expect(skipped.status).toBe(200);
    const { compensations } = skipped.json() as { compensations: Record<string, string>[] };
    expect(compensations).toContainEqual(
      expect.objectContaining({ step: 'refund_payment', skippedBy: 'olga', reason: body.reason }),
    );
  });
});

/** What an answer tells, but for what differs from request to request anyway. */
function withoutIds({ status, headers, text }: HttpResponse, id: string) {
  const { date, 'x-request-id': requestId, 'x-trace-id': traceId, etag, ...told } = headers;
  expect([typeof date, typeof requestId, typeof traceId, etag]).toEqual([
    'string',
    'string',
    'string',
    undefined,
  ]);
  return { status, headers: told, text: text.replaceAll(id, '<id>') };
}
