import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OrderView } from '../../src/domain/order';
import { openTraceStore } from '../../src/telemetry/trace-store';
import { json, orders } from '../support/cli';
import { RecordingProxy } from '../support/recording-proxy';
import { TestStack } from '../support/stack';

let orderService: RecordingProxy;
let stack: TestStack;
beforeAll(async () => {
  orderService = await RecordingProxy.start();
  stack = await TestStack.start({ ORDER_SERVICE_URL: orderService.url });
  orderService.target = `http://127.0.0.1:${String(stack.config.services.order.port)}`;
});
afterAll(async () => {
  await stack.stop();
  await orderService.stop();
});

const newCaller = () => ({
  traceId: randomBytes(16).toString('hex'),
  spanId: randomBytes(8).toString('hex'),
});
const startUnder = async (caller: Readonly<Record<string, string>>, orderId: string) => {
  const environment = { ...stack.environment, ...caller };
  return json<OrderView & object>(
    await orders(['start', '--sample', '--order-id', orderId, '--json'], environment),
  );
};
const lint = async (orderId: string) =>
  json<object>(await orders(['trace', orderId, '--lint', '--json'], stack.environment));

/** What the order service was sent with the order: through the CLI, Temporal, the workflow and its activity. */
function received(orderId: string) {
  const request = orderService.requestsOf('POST /orders').find(({ body }) => body.includes(`"${orderId}"`));
  const { traceparent, tracestate, baggage } = request?.headers ?? {};
  return { traceparent, tracestate, baggage };
}

function spansOf(traceId: string) {
  const store = openTraceStore(stack.config);
  const spans = store.spansOf(traceId);
  store.close();
  return spans;
}

describe('an order that is started inside of a trace', () => {
  it("is a part of its caller's trace, and takes the caller's state and baggage to the services", async () => {
    const { traceId, spanId } = newCaller();
    const order = await startUnder(
      { TRACEPARENT: `00-${traceId}-${spanId}-01`, TRACESTATE: 'vendor=a', BAGGAGE: 'tenant=blue' },
      'caller-sampled',
    );
    expect(order).toMatchObject({ status: 'completed', traceId });
    expect(spansOf(traceId).find(({ name }) => name === 'orders start')?.parentSpanId).toBe(spanId);
    expect(await lint('caller-sampled')).toEqual({ traceId, ok: true, breaches: [] });
    expect(received('caller-sampled')).toEqual({
      traceparent: expect.stringMatching(`^00-${traceId}-[0-9a-f]{16}-01$`),
      tracestate: 'vendor=a',
      baggage: 'tenant=blue',
    });
  });

  it('records nothing when its caller does not, and still hands the trace on', async () => {
    const { traceId, spanId } = newCaller();
    const order = await startUnder({ TRACEPARENT: `00-${traceId}-${spanId}-00` }, 'caller-unsampled');
    expect(order).toMatchObject({ status: 'completed', traceId });
    expect(spansOf(traceId)).toEqual([]);
    expect(received('caller-unsampled').traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
  });

  it('has a trace of its own when the TRACEPARENT is invalid', async () => {
    const { traceId } = newCaller();
    const order = await startUnder({ TRACEPARENT: `00-${traceId}-0000000000000000-01` }, 'caller-invalid');
    expect(order.status).toBe('completed');
    expect(order.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
    expect(order.traceId).not.toBe(traceId);
    expect(spansOf(order.traceId).find(({ name }) => name === 'orders start')).not.toHaveProperty(
      'parentSpanId',
    );
    expect(await lint('caller-invalid')).toMatchObject({ ok: true });
  });

  it('shares the trace with the other orders of its caller, each of them whole', async () => {
    const { traceId, spanId } = newCaller();
    const caller = { TRACEPARENT: `00-${traceId}-${spanId}-01` };
    for (const orderId of ['caller-first', 'caller-second']) {
      expect(await startUnder(caller, orderId)).toMatchObject({ status: 'completed', traceId });
    }
    expect(await lint('caller-first')).toEqual({ traceId, ok: true, breaches: [] });
    expect(await lint('caller-second')).toEqual({ traceId, ok: true, breaches: [] });
  });
});
