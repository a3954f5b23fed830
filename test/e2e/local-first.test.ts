import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { orderWorkflowId } from '../../src/domain/ids';
import type { Order, OrderView, TransactionKind } from '../../src/domain/order';
import { GuardedOrders } from '../support/guarded-orders';
import { sampleOrder } from '../support/orders';

const STEPS = [
  ['order', '/orders'],
  ['inventory', '/reservations'],
  ['payment', '/payments'],
  ['shipping', '/shipments'],
] as const;
const MOMENTS = ['call', 'effect'] as const;
const POINTS = STEPS.flatMap(([service, route]) =>
  MOMENTS.map((moment) => [`POST ${route}`, moment, { service, route, moment }] as const),
);
const to = (country: string) => ({ shippingAddress: { ...sampleOrder().shippingAddress, country } });

let guarded: GuardedOrders;
beforeAll(async () => {
  guarded = await GuardedOrders.start({
    SAGA_STEP_FIRST_ATTEMPT: 'local',
    SAGA_COMPENSATION_FIRST_ATTEMPT: 'local',
  });
});
afterAll(() => guarded.stop());

async function outcomeOf(orderId: string): Promise<OrderView> {
  const view = await guarded.orders.waitForOutcome(orderId, { timeoutMs: 60_000 });
  if (view === undefined) throw new Error(`${orderId} came to no end`);
  return view;
}

async function expectGood(view: OrderView): Promise<void> {
  await guarded.expectCleanAudit();
  await guarded.expectWholeTrace(view);
}

/** How many activities the order's history has: ordinary ones, and local ones. */
async function activitiesOf({ workflowId }: OrderView): Promise<{ ordinary: number; local: number }> {
  const { events } = await guarded.opened.client.workflow.getHandle(workflowId).fetchHistory();
  const count = (key: 'activityTaskScheduledEventAttributes' | 'markerRecordedEventAttributes') =>
    (events ?? []).filter((event) => event[key] != null).length;
  return {
    ordinary: count('activityTaskScheduledEventAttributes'),
    local: count('markerRecordedEventAttributes'),
  };
}

describe("an order whose first attempts are its worker's own", () => {
  it.each<[string, TransactionKind, Partial<Order>, string, { ordinary: number; local: number }]>([
    ['completes in one workflow task', 'saga', {}, 'completed', { ordinary: 0, local: 4 }],
    // The parts of TCC are ordinary ones.
    ['completes as TCC', 'tcc', {}, 'completed', { ordinary: 4, local: 2 }],
    [
      'is undone when its card is declined',
      'saga',
      { payment: { method: 'pm_card_declined' } },
      'failed',
      { ordinary: 0, local: 5 },
    ],
    ['is undone when no carrier goes there', 'saga', to('AQ'), 'failed', { ordinary: 0, local: 7 }],
    // The first attempt, and one activity for the others.
    [
      'goes on with an ordinary activity after a failure',
      'saga',
      { payment: { method: 'pm_card_flaky' } },
      'completed',
      { ordinary: 1, local: 4 },
    ],
    [
      'parks',
      'saga',
      { payment: { method: 'pm_card_refund_fails' }, ...to('AQ') },
      'needs_attention',
      { ordinary: 0, local: 7 },
    ],
  ])('%s', async (_, transaction, changes, status, activities) => {
    const view = await outcomeOf(await guarded.place({ transaction, ...changes }));
    expect(view.status).toBe(status);
    expect(await activitiesOf(view)).toEqual(activities);
    await guarded.expectWholeTrace(view);
    if (status === 'needs_attention') {
      await guarded.orders.skipCompensation(view.orderId, {
        step: 'refund_payment',
        by: 'a test',
        reason: 'paid back by hand',
      });
      expect((await outcomeOf(view.orderId)).status).toBe('failed');
    }
  });

  it('counts all attempts, and undoes also what would have come next when an outcome stays unknown', async () => {
    const view = await outcomeOf(await guarded.place({ payment: { method: 'pm_card_timeout' } }));
    expect(view).toMatchObject({ status: 'failed', failure: { code: 'payment_unavailable' } });
    expect(view.steps.map(({ state, attempts }) => [state, attempts])).toEqual([
      ['done', 1],
      ['done', 1],
      ['unknown', 3],
      ['skipped', 0],
    ]);
    expect(view.compensations.map(({ step, state }) => [step, state])).toEqual([
      ['cancel_shipment', 'done'],
      ['refund_payment', 'done'],
      ['release_inventory', 'done'],
      ['cancel_order', 'done'],
    ]);
    await expectGood(view);
  });

  it.each(POINTS)(
    'that is cancelled at %s, %s, does what may have been done, and undoes it',
    async (_, __, point) => {
      const orderId = `ord_${randomUUID()}`;
      const struck = guarded.strike(point, () => guarded.orders.cancel(orderId, { by: 'a test' }), 'goes on');
      await guarded.place({ orderId });
      await struck;
      const view = await outcomeOf(orderId);
      expect(view.status).toBe('cancelled');
      expect(view.compensations.map(({ state }) => state)).toEqual(['done', 'done', 'done', 'done']);
      await expectGood(view);
    },
  );

  it.each(POINTS)('whose workflow is cancelled at %s, %s, likewise', async (_, __, point) => {
    const orderId = `ord_${randomUUID()}`;
    const handle = guarded.opened.client.workflow.getHandle(orderWorkflowId(orderId));
    const struck = guarded.strike(point, () => handle.cancel(), 'goes on');
    await guarded.place({ orderId });
    await struck;
    const view = await outcomeOf(orderId);
    expect(view.status).toBe('cancelled');
    await expectGood(view);
  });

  it.each(POINTS)('whose workflow is terminated at %s, %s, is settled', async (_, __, point) => {
    const orderId = await guarded.terminatedAt({ kind: 'saga', ...point });
    const view = await guarded.settled(orderId);
    expect(view.settlement).toMatchObject({ abandoned: 'terminated' });
    await guarded.expectCleanAudit();
  });
});
