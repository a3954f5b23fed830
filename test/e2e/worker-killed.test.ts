import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Orders } from '../../src/orders/open-orders';
import { eventually } from '../support/eventually';
import { sampleOrder } from '../support/orders';
import { TestStack } from '../support/stack';
import { TsProcess } from '../support/ts-process';

describe('an order whose worker is killed', () => {
  let stack: TestStack;
  let orders: Orders;

  beforeAll(async () => {
    stack = await TestStack.start(
      {
        // The flaky card needs three attempts: the pauses between them are when the worker dies.
        SAGA_STEP_BACKOFF_INITIAL_MS_PROCESS_PAYMENT: '1500',
        SAGA_STEP_BACKOFF_MAX_MS_PROCESS_PAYMENT: '1500',
        // One may be with the worker when it dies: that one counts, and does nothing.
        SAGA_STEP_MAX_ATTEMPTS_PROCESS_PAYMENT: '20',
        WORKER_STICKY_TIMEOUT_MS: '500',
      },
      ['order', 'inventory', 'payment', 'shipping'],
    );
    orders = await stack.openOrders();
  });
  afterAll(async () => {
    await orders.close();
    await stack.stop();
  });

  const startWorker = async () => {
    const worker = new TsProcess('src/start.ts', ['worker'], { ...process.env, ...stack.environment });
    await worker.said(/worker\s+ready/);
    return worker;
  };

  it('completes on the next worker, with each effect exactly once', async () => {
    const first = await startWorker();
    const { orderId } = await orders.orders.start(sampleOrder({ payment: { method: 'pm_card_flaky' } }));
    const before = await eventually(
      () => orders.orders.get(orderId),
      ({ steps }) => steps[2]?.state === 'running',
      'the payment is being tried',
    );
    first.signal('SIGKILL');
    expect(await first.ended).toBe('SIGKILL');

    const second = await startWorker();
    try {
      const after = await orders.orders.waitForOutcome(orderId, { timeoutMs: 60_000 });
      expect(after?.status).toBe('completed');
      // The same trace, and what was done before the kill was not done again.
      expect(after?.traceId).toBe(before.traceId);
      expect(after?.steps.slice(0, 2)).toEqual(before.steps.slice(0, 2));
      expect(after?.steps[2]?.state).toBe('done');
      expect(after?.steps[2]?.attempts).toBeGreaterThanOrEqual(3);
      const { violations, money } = await orders.audit();
      expect(violations).toEqual([]);
      expect(money).toMatchObject({ charged: after?.amount.value, refunded: 0 });
    } finally {
      await second.dispose();
    }
  });
});
