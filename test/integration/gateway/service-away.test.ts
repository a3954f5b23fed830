import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { orderWorkflowId } from '../../../src/domain/ids';
import type { OrderView } from '../../../src/domain/order';
import type { Orders } from '../../../src/orders/open-orders';
import { eventually } from '../../support/eventually';
import { GatewayClient } from '../../support/gateway-client';
import { TestStack } from '../../support/stack';

/** As a user has them, not as tests do. */
const DEFAULT_PATIENCE = {
  SAGA_STEP_MAX_ATTEMPTS: '',
  SAGA_STEP_BACKOFF_INITIAL_MS: '',
  SAGA_STEP_BACKOFF_MAX_MS: '',
};
/** By when a service has been away for six seconds. */
const ATTEMPTS = 6;
const AWAY_MS = 30_000;

let stack: TestStack;
let session: Orders;
let gateway: GatewayClient;
beforeAll(async () => {
  stack = await TestStack.start(DEFAULT_PATIENCE, ['inventory', 'payment', 'shipping', 'worker', 'gateway']);
  session = await stack.openOrders();
  gateway = new GatewayClient(`http://127.0.0.1:${String(stack.config.gateway.port)}`);
});
afterAll(async () => {
  await session.close();
  await stack.stop();
});

/** How often the step that the order is at has been tried. */
async function attemptsOf(orderId: string, activity: string): Promise<number> {
  const { raw } = await session.client.workflow.getHandle(orderWorkflowId(orderId)).describe();
  const step = raw.pendingActivities?.find(({ activityType }) => activityType?.name === activity);
  return step?.attempt ?? 0;
}

describe('while a service is away', () => {
  it('orders wait for half a minute, without settings', () => {
    const { step } = stack.config.policies;
    let pausesMs = 0;
    for (let attempt = 1, pause = step.backoffInitialMs; attempt < step.maxAttempts; attempt++) {
      pausesMs += Math.min(pause, step.backoffMaxMs);
      pause *= step.backoffCoefficient;
    }
    // Each may be half as long, at random; and besides, the service has to start.
    expect(pausesMs / 2).toBeGreaterThan(1.25 * AWAY_MS);
  });

  it('orders that were accepted wait and complete, and new ones are told when to try again', async () => {
    const accepted: string[] = [];
    for (let n = 0; n < 3; n++) {
      const { status, body } = await gateway.place<OrderView>({}, { prefer: 'respond-async' });
      expect(status).toBe(202);
      accepted.push(body.orderId);
    }
    // The first step waits for its service; what comes after it will have to wait for another.
    await stack.stopPart('inventory');
    await stack.startPart('order');
    const key = { 'idempotency-key': randomUUID() };
    const refused = await gateway.place({}, key);
    expect(refused).toMatchObject({ status: 503, body: { code: 'inventory_unavailable' } });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await gateway.get('/readyz')).toMatchObject({ status: 200 });
    await eventually(
      () => Promise.all(accepted.map((orderId) => attemptsOf(orderId, 'reserveInventory'))),
      (attempts) => attempts.every((attempt) => attempt >= ATTEMPTS),
      'every order has tried for a while',
    );

    await stack.startPart('inventory');
    for (const orderId of accepted) {
      await eventually(
        () => gateway.get<OrderView>(`/orders/${orderId}`),
        ({ body }) => body.status === 'completed',
        `${orderId} completes`,
      );
    }
    expect(await gateway.place({}, key)).toMatchObject({ status: 201 });
    const { violations, orders } = await session.audit();
    expect({ violations, orders }).toEqual({ violations: [], orders: { completed: 4 } });
  });
});
