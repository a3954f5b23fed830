import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { STEPS_OF } from '../../src/domain/steps';
import { eventually } from '../support/eventually';
import type { Point } from '../support/guarded-orders';
import { GuardedOrders, NO_CARRIER } from '../support/guarded-orders';

const FORTH: readonly Omit<Point, 'moment'>[] = [
  { kind: 'saga', service: 'order', route: '/orders' },
  { kind: 'saga', service: 'inventory', route: '/reservations' },
  { kind: 'saga', service: 'payment', route: '/payments' },
  { kind: 'saga', service: 'shipping', route: '/shipments' },
  { kind: 'tcc', service: 'order', route: '/orders' },
  { kind: 'tcc', service: 'inventory', route: '/holds' },
  { kind: 'tcc', service: 'payment', route: '/holds' },
  { kind: 'tcc', service: 'inventory', route: '/confirmations' },
  { kind: 'tcc', service: 'payment', route: '/confirmations' },
  { kind: 'tcc', service: 'shipping', route: '/shipments' },
];
const UNWANTED = { shippingAddress: NO_CARRIER };
const DECLINED = { payment: { method: 'pm_card_declined' } };
const BACK: readonly Omit<Point, 'moment'>[] = [
  { kind: 'saga', service: 'payment', route: '/refunds', order: UNWANTED },
  { kind: 'saga', service: 'order', route: '/cancellations', order: UNWANTED },
  { kind: 'tcc', service: 'payment', route: '/reversals', order: UNWANTED },
  { kind: 'tcc', service: 'inventory', route: '/cancellations', order: DECLINED },
];

/** With its shipment made an order is complete, whatever became of the reply. */
const isComplete = ({ route, moment }: Point) => route === '/shipments' && moment === 'effect';
const POINTS = [...FORTH, ...BACK]
  .flatMap((point): Point[] => [
    { ...point, moment: 'call' },
    { ...point, moment: 'effect' },
  ])
  .filter((point) => !isComplete(point))
  .map((point) => {
    const { kind, service, route, moment } = point;
    const when = moment === 'call' ? 'before the call' : 'after the effect, before the reply';
    return [kind, `POST ${route} of ${service}`, when, point] as const;
  });

let guarded: GuardedOrders;
beforeAll(async () => {
  guarded = await GuardedOrders.start();
});
afterAll(() => guarded.stop());

describe('an order whose workflow is terminated', () => {
  it.each(POINTS)('%s, at %s, %s: is undone', async (kind, _, __, point) => {
    const orderId = await guarded.terminatedAt(point);
    const { traceId: before } = await guarded.orders.summary(orderId);
    const view = await guarded.settled(orderId);
    expect(view).toMatchObject({
      status: 'failed',
      transaction: kind,
      failure: { code: 'order_interrupted', step: null },
      settlement: { abandoned: 'terminated' },
      traceId: before,
    });
    expect(view.compensations.every(({ state }) => state === 'done')).toBe(true);
    expect(view.compensations.length).toBeGreaterThan(0);
    const listed = await eventually(
      async () =>
        (await guarded.orders.list({ limit: 1000 })).orders.filter((row) => row.orderId === orderId),
      (rows) => rows[0]?.status === 'failed',
      'the list shows it',
    );
    expect(listed).toMatchObject([
      { runId: view.runId, settlement: view.settlement, transaction: kind, createdAt: view.createdAt },
    ]);
    expect(listed[0]).not.toHaveProperty('interrupted');
    await guarded.expectCleanAudit();
    await guarded.expectWholeTrace(view);
  });

  it('is undone once, however many look at the same time', async () => {
    const orderId = await guarded.terminatedAt({ ...FORTH[3]!, moment: 'call' });
    const reports = await Promise.all([guarded.look(), guarded.look(), guarded.look()]);
    expect(reports.map(({ failed }) => failed)).toEqual([0, 0, 0]);
    const view = await guarded.settled(orderId);
    expect((await guarded.look()).settled).toBe(0);
    await guarded.expectRuns(orderId, 2);
    expect((await guarded.orders.get(orderId)).runId).toBe(view.runId);
  });

  it.each(['saga', 'tcc'] as const)('refuses whatever of it comes late: %s', async (kind) => {
    const orderId = await guarded.terminatedAt({
      kind,
      service: 'shipping',
      route: '/shipments',
      moment: 'call',
    });
    await guarded.settled(orderId);
    for (const { name } of STEPS_OF[kind]) {
      const answer = await guarded.request(orderId, name);
      // What was confirmed keeps its answer, which does nothing any more.
      const replayed = answer.headers.get('idempotent-replayed') === 'true' && answer.ok;
      const { code } = (await answer.json()) as { code?: string };
      const expected = name.startsWith('confirm_') ? undefined : 'already_compensated';
      expect([name, replayed, code]).toEqual([name, expected === undefined, expected]);
    }
    await guarded.expectCleanAudit();
  });

  it.each([
    ['saga', 'payment', '/payments'],
    ['saga', 'inventory', '/reservations'],
    ['tcc', 'payment', '/holds'],
    ['tcc', 'payment', '/confirmations'],
  ] as const)(
    'refuses a call of its last attempt that is carried out only now: %s, %s %s',
    async (kind, service, route) => {
      const orderId = `ord_${randomUUID()}`;
      const act = async () => {
        await guarded.terminate(orderId);
        expect((await guarded.settled(orderId)).status).toBe('failed');
      };
      const late = guarded.strike({ service, route, moment: 'call' }, act, 'goes on');
      await guarded.place({ orderId, transaction: kind });
      await late;
      await eventually(
        () => guarded.proxies[service].underWay,
        (requests) => requests === 0,
        'the late call has been carried out',
      );
      await guarded.expectCleanAudit();
      const { money, stock } = await guarded.opened.audit();
      expect([money.held, stock.reduce((sum, { reserved }) => sum + reserved, 0)]).toEqual([0, 0]);
    },
  );

  it.each(['saga', 'tcc'] as const)('is completed when every effect of it stands: %s', async (kind) => {
    const orderId = await guarded.terminatedAt({
      kind,
      service: 'shipping',
      route: '/shipments',
      moment: 'effect',
    });
    const view = await guarded.settled(orderId);
    expect(view).toMatchObject({
      status: 'completed',
      compensations: [],
      settlement: { abandoned: 'terminated' },
    });
    expect(view.paymentId).toMatch(/^pay_/);
    await guarded.expectCleanAudit();
    await guarded.expectWholeTrace(view);
  });

  it('is undone when its customer had asked for that, although every effect of it stands', async () => {
    const orderId = `ord_${randomUUID()}`;
    const struck = guarded.strike(
      { service: 'shipping', route: '/shipments', moment: 'effect' },
      async () => {
        await guarded.orders.cancel(orderId, { by: 'ann' });
        await guarded.terminate(orderId);
      },
    );
    await guarded.place({ orderId });
    await struck;
    expect((await guarded.settled(orderId)).status).toBe('failed');
    await guarded.expectCleanAudit();
  });

  it('parks when something cannot be undone, and an operator reaches it as ever', async () => {
    const method = 'pm_card_refund_fails';
    const orderId = await guarded.place({ payment: { method }, shippingAddress: NO_CARRIER });
    await guarded.outcome(orderId);
    // Terminated while it is parked, and parked again.
    await guarded.terminate(orderId);
    const parked = await guarded.settled(orderId);
    expect(parked.status).toBe('needs_attention');
    await guarded.expectWholeTrace(parked);
    expect((await guarded.look()).settled).toBe(0);
    const waiting = await eventually(
      () => guarded.orders.waiting(),
      ({ orders: found }) => found.length > 0,
      'it is in the inbox',
    );
    expect(waiting.orders.map((order) => order.orderId)).toEqual([orderId]);
    const retried = await guarded.orders.retryCompensation(orderId, { by: 'ann' });
    expect(retried.settlement).toEqual(parked.settlement);
    expect((await guarded.outcome(orderId)).status).toBe('needs_attention');
    const giveUp = { by: 'ann', step: 'refund_payment', reason: 'by bank' } as const;
    await guarded.orders.skipCompensation(orderId, giveUp);
    const view = await guarded.outcome(orderId);
    expect(view.status).toBe('failed');
    await guarded.expectCleanAudit();
    await guarded.expectWholeTrace(view);
  });

  it('leaves alone what an operator has given up, and still calls it a debt', async () => {
    const orderId = `ord_${randomUUID()}`;
    const away = guarded.strike({ service: 'shipping', route: '/shipments', moment: 'effect' }, () =>
      guarded.stack.stopPart('inventory'),
    );
    const method = 'pm_card_refund_fails';
    await guarded.place({ orderId, payment: { method }, shippingAddress: NO_CARRIER });
    await away;
    // Neither can be undone; one of both is given up, so that the order still waits for the other.
    await guarded.outcome(orderId);
    const giveUp = { by: 'ann', step: 'refund_payment', reason: 'by bank' } as const;
    await guarded.orders.skipCompensation(orderId, giveUp);
    await guarded.terminate(orderId);
    await guarded.stack.startPart('inventory');
    const view = await guarded.settled(orderId);
    expect(view.status).toBe('failed');
    expect(view.compensations.map(({ step, state }) => [step, state])).toEqual([
      ['refund_payment', 'skipped'],
      ['release_inventory', 'done'],
      ['cancel_order', 'done'],
    ]);
    await guarded.expectCleanAudit();
    const { debts } = await guarded.opened.audit();
    expect(debts).toContainEqual(
      expect.objectContaining({ orderId, skippedBy: giveUp.by, reason: giveUp.reason }),
    );
    await guarded.expectWholeTrace(view);
  });

  it('is settled again when its settlement is terminated as well', async () => {
    const orderId = await guarded.terminatedAt({ ...FORTH[3]!, moment: 'call' });
    await guarded.strike({ service: 'payment', route: '/refunds', moment: 'effect' }, () =>
      guarded.terminate(orderId),
    );
    const view = await guarded.settled(orderId);
    expect(view.status).toBe('failed');
    await guarded.expectCleanAudit();
    await guarded.expectWholeTrace(view);
    await guarded.expectRuns(orderId, 3);
  });
});
