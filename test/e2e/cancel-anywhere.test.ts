import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import { orderWorkflowId } from '../../src/domain/ids';
import type { Order, OrderStatus } from '../../src/domain/order';
import { PastCancellingError } from '../../src/orders/errors';
import type { Orders } from '../../src/orders/open-orders';
import { eventually } from '../support/eventually';
import { sampleOrder } from '../support/orders';
import { TestStack } from '../support/stack';

/** Orders under way at a time. */
const PARALLEL = 4;
const { shippingAddress } = sampleOrder();
const REFUSED = { shippingAddress: { ...shippingAddress, country: 'AQ' } };

/** What is ordered, how it ends undisturbed, and how it may end when somebody cancels. */
const KINDS: readonly (readonly [string, Partial<Order>, OrderStatus])[] = [
  ['a saga that goes well', {}, 'completed'],
  ['a saga that is undone', REFUSED, 'failed'],
  ['a TCC transaction that goes well', { transaction: 'tcc' }, 'completed'],
  ['a TCC transaction that is undone', { transaction: 'tcc', ...REFUSED }, 'failed'],
];

let stack: TestStack;
let session: Orders;
beforeAll(async () => {
  // Attempts cost nothing here, and a busy machine no outcome.
  stack = await TestStack.start({ SAGA_STEP_MAX_ATTEMPTS: '50', SAGA_COMPENSATION_MAX_ATTEMPTS: '50' }, [
    'order',
    'inventory',
    'payment',
    'shipping',
    'worker',
  ]);
  session = await stack.openOrders();
});
afterAll(async () => {
  await session.close();
  await stack.stop();
});

async function start(changes: Partial<Order>): Promise<WorkflowHandle> {
  const { orderId } = await session.orders.start(sampleOrder(changes));
  return session.client.workflow.getHandle(orderWorkflowId(orderId));
}

async function eventsOf(handle: WorkflowHandle): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).map(({ eventType }) => String(eventType));
}

async function outcomeOf({ workflowId }: WorkflowHandle): Promise<OrderStatus> {
  const orderId = workflowId.slice(orderWorkflowId('').length);
  const view = await session.orders.waitForOutcome(orderId, { timeoutMs: 120_000 });
  if (view === undefined) throw new Error(`${orderId} has come to no end`);
  return view.status;
}

async function cancelTwice({ workflowId }: WorkflowHandle): Promise<void> {
  const orderId = workflowId.slice(orderWorkflowId('').length);
  const cancel = () =>
    session.orders.cancel(orderId, { by: 'ada' }).catch((error: unknown) => {
      if (!(error instanceof PastCancellingError)) throw error;
    });
  await Promise.all([cancel(), cancel()]);
}

/** An order that is cancelled as soon as its history has that many events; how it ended. */
async function cancelledAt(length: number, changes: Partial<Order>): Promise<OrderStatus> {
  const handle = await start(changes);
  await eventually(
    async () => {
      const events = await eventsOf(handle);
      const { status } = await handle.describe();
      return events.length >= length || status.name !== 'RUNNING';
    },
    (reached) => reached,
    `${handle.workflowId} has ${String(length)} events`,
  );
  await cancelTwice(handle);
  return outcomeOf(handle);
}

describe('cancelled twice at every event of its history', () => {
  it.each(KINDS)(
    '%s ends as it would have, or cancelled, and nothing in between',
    async (_kind, changes, end) => {
      const undisturbed = await start(changes);
      expect(await outcomeOf(undisturbed)).toBe(end);
      const lengths = (await eventsOf(undisturbed)).map((_, index) => index + 1);

      const ends = new Map<OrderStatus, number>();
      const next = async () => {
        for (let length = lengths.shift(); length !== undefined; length = lengths.shift()) {
          const status = await cancelledAt(length, changes);
          ends.set(status, (ends.get(status) ?? 0) + 1);
        }
      };
      await Promise.all(Array.from({ length: PARALLEL }, next));

      expect([end, 'cancelled']).toEqual(expect.arrayContaining([...ends.keys()]));
      // The first ones come before anything is decided, the last ones after.
      expect([...ends.keys()].sort()).toEqual(['cancelled', end].sort());
      const { violations } = await session.audit();
      expect(violations).toEqual([]);
    },
  );
});
