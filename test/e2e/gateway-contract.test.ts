import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OrderView } from '../../src/domain/order';
import type { OrderPage } from '../../src/orders/order-list';
import { readTrace } from '../../src/telemetry/trace-store';
import { lintTrace } from '../../src/traces/lint-trace';
import type { TraceDocument } from '../../src/traces/trace-document';
import { eventually } from '../support/eventually';
import type { GatewayAnswer } from '../support/gateway-client';
import { GatewayClient, shippedTo } from '../support/gateway-client';
import { TestStack } from '../support/stack';

let stack: TestStack;
let gateway: GatewayClient;
beforeAll(async () => {
  stack = await TestStack.start();
  gateway = new GatewayClient(`http://127.0.0.1:${String(stack.config.gateway.port)}`);
});
afterAll(() => stack.stop());

const newOrderId = () => `ord_${randomUUID()}`;
const paidBy = (method: string) => ({ payment: { method } });
const get = <Body>(path: string, headers?: Record<string, string>) => gateway.get<Body>(path, headers);

function expectProblem(answer: GatewayAnswer, status: number, code: string, more: object = {}): void {
  expect(answer).toMatchObject({
    status,
    body: {
      type: expect.any(String),
      title: expect.any(String),
      detail: expect.any(String),
      status,
      code,
      ...more,
    },
  });
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.body['instance']).toMatch(/^\//);
}

describe('POST /orders', () => {
  it('answers 201 with the whole order once it is completed', async () => {
    const orderId = newOrderId();
    const answer = await gateway.place<OrderView>({ orderId });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe(`/orders/${orderId}`);
    expect(answer.headers.get('x-trace-id')).toBe(answer.body.traceId);
    expect(answer.body).toMatchObject({
      orderId,
      status: 'completed',
      amount: { value: 5998, currency: 'EUR' },
    });
    expect((await get(`/orders/${orderId}`)).body).toEqual(answer.body);
  });

  it.each([
    ['payment_declined', 402, paidBy('pm_card_declined')],
    ['out_of_stock', 409, { items: [{ sku: 'SKU-NONE', quantity: 1 }] }],
    ['shipping_unavailable', 422, shippedTo('AQ')],
    ['payment_unavailable', 503, paidBy('pm_card_timeout')],
  ])('answers %s with %d and what was undone', async (code, status, changes) => {
    const answer = await gateway.place(changes);
    const order = (await get<OrderView>(`/orders/${String(answer.body['orderId'])}`)).body;
    expectProblem(answer, status, code, {
      orderId: order.orderId,
      traceId: order.traceId,
      orderStatus: 'failed',
      compensations: order.compensations,
    });
    expect(order.compensations.every(({ state }) => state === 'done')).toBe(true);
    expect(answer.headers.get('x-trace-id')).toBe(order.traceId);
  });

  it('answers at once with 202 when asked to, and the order goes on', async () => {
    const answer = await gateway.place({}, { prefer: 'respond-async' });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('preference-applied')).toBe('respond-async');
    const location = answer.headers.get('location') ?? '';
    await eventually(
      () => get<OrderView>(location),
      ({ body }) => body.status === 'completed',
      'the order completes',
    );
  });

  it('answers 202 with the place to look when the outcome is late', async () => {
    const answer = await gateway.place(shippedTo('XX'), { prefer: 'wait=0' });
    expect(answer).toMatchObject({ status: 202, body: { status: 'running' } });
    expect(answer.headers.get('location')).toBe(`/orders/${String(answer.body['orderId'])}`);
  });

  it('names every wrong field of an invalid order at once, and starts nothing', async () => {
    const orderId = newOrderId();
    const answer = await gateway.place({
      orderId,
      items: [
        { sku: 'SKU-KEYBOARD', quantity: 0 },
        { sku: 'SKU-UNKNOWN', quantity: 1 },
      ],
      price: 1,
    });
    expectProblem(answer, 400, 'invalid_request');
    const fields = (answer.body['errors'] as { field: string }[]).map(({ field }) => field);
    expect(fields.sort()).toEqual(['items[0].quantity', 'items[1].sku', 'price']);
    expect((await get(`/orders/${orderId}`)).status).toBe(404);
  });

  it.each([
    ['no JSON', '{', 400],
    ['an array', '[]', 400],
    ['nothing', '', 400],
    ['more than 100 kB', JSON.stringify({ customerId: 'x'.repeat(110_000) }), 413],
  ])('refuses a body that is %s', async (_what, body, status) => {
    expectProblem(await gateway.request('POST', '/orders', { body }), status, 'invalid_request');
  });

  it('refuses a body of another type with 415', async () => {
    const headers = { 'content-type': 'text/plain' };
    expectProblem(await gateway.request('POST', '/orders', { headers, body: 'x' }), 415, 'invalid_request');
  });

  it('refuses an order whose price has changed', async () => {
    const answer = await gateway.place({ expectedAmount: { value: 1, currency: 'EUR' } });
    expectProblem(answer, 422, 'price_changed', {
      errors: [{ field: 'expectedAmount.value', message: expect.any(String) }],
    });
  });
});

describe('an order that is sent again', () => {
  it('is the same order for the same key and payload', async () => {
    const key = { 'idempotency-key': `"${randomUUID()}"` };
    const first = await gateway.place<OrderView>({}, key);
    const again = await gateway.place<OrderView>({}, key);
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(first.headers.get('idempotent-replayed')).toBeNull();
  });

  it('is refused when the key comes with another payload', async () => {
    const key = { 'idempotency-key': randomUUID() };
    await gateway.place({}, key);
    expectProblem(await gateway.place(paidBy('pm_card_flaky'), key), 422, 'idempotency_key_reused');
  });

  it('is another order when the key is another customer’s', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const first = await gateway.place<OrderView>({}, key);
    const other = await gateway.place<OrderView>({ customerId: 'cus_2' }, key);
    expect(other.status).toBe(201);
    expect(other.body.orderId).not.toBe(first.body.orderId);
  });

  it('is told apart by its id where it has no key', async () => {
    const orderId = newOrderId();
    const first = await gateway.place({ orderId });
    expect(await gateway.place({ orderId })).toMatchObject({ status: 201, body: first.body });
    expectProblem(await gateway.place({ orderId, ...paidBy('pm_card_flaky') }), 422, 'order_id_reused', {
      orderId,
    });
  });

  it('leaves the key free when it was invalid', async () => {
    const key = { 'idempotency-key': randomUUID() };
    expect((await gateway.place({ items: [{ sku: 'SKU-UNKNOWN', quantity: 1 }] }, key)).status).toBe(400);
    expect((await gateway.place({}, key)).status).toBe(201);
  });
});

describe('GET /orders', () => {
  it('answers 404 for an order that there is not, and for an id that cannot be one', async () => {
    expectProblem(await get('/orders/nobody'), 404, 'not_found');
    expectProblem(await get('/orders/%00'), 404, 'not_found');
    expectProblem(await get('/orders/nobody/trace'), 404, 'not_found');
  });

  it('lists newest first, page by page, by status and customer', async () => {
    const customerId = `cus_${randomUUID()}`;
    const ids: string[] = [];
    for (const method of ['pm_card_visa', 'pm_card_declined', 'pm_card_visa']) {
      const { body } = await gateway.place({ customerId, ...paidBy(method) });
      ids.unshift(String(body['orderId']));
    }
    const list = async (query: string) =>
      (await get<OrderPage>(`/orders?customerId=${customerId}&${query}`)).body;
    await eventually(
      () => list('status=completed'),
      ({ orders }) => orders.length === 2,
      'the list knows them',
    );
    const first = await list('limit=2');
    expect(first.orders.map(({ orderId }) => orderId)).toEqual(ids.slice(0, 2));
    const second = await list(`limit=2&cursor=${first.nextCursor ?? ''}`);
    expect(second.orders.map(({ orderId }) => orderId)).toEqual(ids.slice(2));
    expect(second.nextCursor).toBeUndefined();
    expect((await list('status=failed')).orders.map(({ orderId }) => orderId)).toEqual([ids[1]]);
  });

  it.each(['status=lost', 'limit=0', 'limit=1001', 'cursor=x', 'customerId=%27%20OR%201=1', 'sort=up'])(
    'refuses ?%s and names the field',
    async (query) => {
      const [field = ''] = query.split('=');
      expectProblem(await get(`/orders?${query}`), 400, 'invalid_request', {
        errors: [{ field, message: expect.any(String) }],
      });
    },
  );
});

describe('what is done to orders', () => {
  it('cancels one that runs, and refuses for one that is over', async () => {
    const orderId = newOrderId();
    await gateway.place({ orderId, ...paidBy('pm_card_timeout') }, { prefer: 'respond-async' });
    const cancel = () =>
      gateway.request('POST', `/orders/${orderId}/cancel`, {
        body: { by: 'ada', reason: 'changed my mind' },
      });
    expect(await cancel()).toMatchObject({ status: 202, body: { orderId } });
    const ended = await eventually(
      () => get<OrderView>(`/orders/${orderId}`),
      ({ body }) => body.status === 'cancelled',
      'it is cancelled',
    );
    expect(ended.body.failure?.message).toBe('Cancelled by ada: changed my mind');
    expectProblem(await cancel(), 409, 'past_cancelling', { orderId, orderStatus: 'cancelled' });
    expectProblem(await gateway.request('POST', '/orders/nobody/cancel'), 404, 'not_found');
  });

  it('shows what waits, tries it again, and gives it up on record, each action once', async () => {
    const orderId = newOrderId();
    const placed = await gateway.place({ orderId, ...paidBy('pm_card_refund_fails'), ...shippedTo('AQ') });
    expectProblem(placed, 422, 'shipping_unavailable', { orderStatus: 'needs_attention' });
    const waiting = await eventually(
      () => get<{ orders: OrderView[] }>('/attention'),
      ({ body }) => body.orders.some((order) => order.orderId === orderId),
      'it waits',
    );
    expect(waiting.status).toBe(200);
    const act = (verb: string, body: object, step = 'refund_payment') =>
      gateway.request<OrderView & Record<string, unknown>>(
        'POST',
        `/orders/${orderId}/compensations/${step}/${verb}`,
        {
          body,
        },
      );
    const parkedAgain = (attempts: number) =>
      eventually(
        () => get<OrderView>(`/orders/${orderId}`),
        ({ body }) =>
          body.status === 'needs_attention' &&
          body.compensations.some(
            ({ step, attempts: made }) => step === 'refund_payment' && made === attempts,
          ),
        'it is parked again',
      );
    expect((await act('retry', { by: 'ada', reason: 'asked the bank', actionId: 'a-1' })).status).toBe(200);
    await parkedAgain(2);
    expect((await act('retry', { by: 'ada', reason: 'asked the bank', actionId: 'a-1' })).status).toBe(200);
    await parkedAgain(2);

    expectProblem(await act('skip', { by: 'ada' }), 400, 'invalid_request');
    expectProblem(await act('skip', { reason: 'paid by hand' }), 400, 'invalid_request');
    expectProblem(await act('skip', { by: 'ada', reason: 'x' }, 'cancel_order'), 409, 'action_refused');
    expect((await act('skip', { by: 'ada', reason: 'x' }, 'no_such_step')).status).toBe(400);

    const skip = { by: 'ada', reason: 'paid by hand', actionId: 'a-2' };
    expect((await act('skip', skip)).status).toBe(200);
    const ended = await eventually(
      () => get<OrderView>(`/orders/${orderId}`),
      ({ body }) => body.status === 'failed',
      'it ends',
    );
    expect(ended.body.compensations[0]).toMatchObject({
      state: 'skipped',
      skippedBy: 'ada',
      reason: 'paid by hand',
    });
    // The reply may have been lost: the same action is answered the same, also now that the order has ended by it.
    expect((await act('skip', skip)).status).toBe(200);
    expectProblem(await act('skip', { ...skip, actionId: 'a-3' }), 409, 'action_refused');
  });
});

describe('the trace', () => {
  it('begins at the caller’s span, is clean, and is served as JSON', async () => {
    const traceId = randomBytes(16).toString('hex');
    const parent = randomBytes(8).toString('hex');
    const { body: order } = await gateway.place<OrderView>({}, { traceparent: `00-${traceId}-${parent}-01` });
    expect(order.traceId).toBe(traceId);
    const spans = await eventually(
      () => readTrace(stack.config, traceId),
      (found) => lintTrace(found, order).length === 0,
      'the trace is clean',
    );
    const root = spans.find(({ parentSpanId }) => parentSpanId === parent);
    expect(root).toMatchObject({
      name: 'POST /orders',
      kind: 'SERVER',
      service: 'api-gateway',
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/orders',
        'http.response.status_code': 201,
        'order.id': order.orderId,
        'order.amount': 59.98,
        'order.status': 'completed',
      },
    });
    const { body } = await get<TraceDocument>(`/orders/${order.orderId}/trace`);
    expect(body).toEqual({ traceId, complete: true, spans });
  });
});

describe('what a gateway has besides orders', () => {
  it('is alive and ready', async () => {
    expect(await get('/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await get('/readyz')).toMatchObject({ status: 200, body: { status: 'ok' } });
  });

  it('is described and measured', async () => {
    const { body } = await get<{ openapi: string; paths: object }>('/openapi.json');
    expect(body.openapi).toBe('3.1.0');
    expect(Object.keys(body.paths).sort()).toEqual([
      '/attention',
      '/orders',
      '/orders/{id}',
      '/orders/{id}/cancel',
      '/orders/{id}/compensations/{step}/retry',
      '/orders/{id}/compensations/{step}/skip',
      '/orders/{id}/trace',
    ]);
    expect((await get('/docs/')).status).toBe(200);
    const metrics = await get<string>('/metrics');
    expect(metrics.body).toMatch(
      /http_server_request_duration_seconds_count\{[^}]*http_route="\/orders"[^}]*\} \d+/,
    );
    expect(metrics.body).not.toContain('ord_');
  });

  it('answers what it does not know as a problem', async () => {
    expectProblem(await get('/nope'), 404, 'not_found');
    expectProblem(await get('/orders/x', { accept: 'image/png' }), 406, 'not_acceptable');
  });
});
