import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { refusal } from '../../src/saga/outcome';
import {
  cancelOrderSignal,
  orderStatusQuery,
  retryCompensationUpdate,
  skipCompensationUpdate,
} from '../../src/workflows/definitions';
import { scriptedActivities } from '../support/order-activities';
import { OrderHarness } from '../support/order-harness';
import { sampleInput } from '../support/orders';

describe('orderSaga', () => {
  let harness: OrderHarness;

  beforeAll(async () => {
    harness = await OrderHarness.connect();
  });
  afterAll(async () => {
    await harness.environment.teardown();
  });

  it('completes with four steps done, nothing undone, and what came of each', async () => {
    const input = sampleInput();
    await harness.withWorker(scriptedActivities(), async () => {
      const handle = await harness.start(input);
      const view = await handle.result();
      expect(view).toMatchObject({
        orderId: input.order.orderId,
        workflowId: `order-${input.order.orderId}`,
        runId: handle.firstExecutionRunId,
        status: 'completed',
        customerId: 'cus_1',
        amount: { value: 5998, currency: 'EUR' },
        paymentId: 'pay_1',
        shipmentId: 'shp_1',
        compensations: [],
      });
      expect(view.steps.map(({ step, number, state, attempts }) => [step, number, state, attempts])).toEqual([
        ['create_order', 1, 'done', 1],
        ['reserve_inventory', 2, 'done', 1],
        ['process_payment', 3, 'done', 1],
        ['create_shipment', 4, 'done', 1],
      ]);
      expect(view.traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(view.failure).toBeUndefined();
      expect(await handle.query(orderStatusQuery)).toEqual(view);
      expect(await harness.statusAttribute(handle)).toBe('completed');
    });
  });

  it('gives every step a key of its own, and its compensation another that names it', async () => {
    const keys: Record<string, unknown>[] = [];
    const declined = scriptedActivities({
      reserveInventory: ({ key, expectedAmount }) => {
        keys.push({ key });
        return Promise.resolve({ reservationId: 'res_1', amount: expectedAmount });
      },
      releaseInventory: ({ key, compensates }) => {
        keys.push({ key, compensates });
        return Promise.resolve({ result: 'undone' });
      },
      processPayment: () => Promise.reject(refusal('payment_declined', 'declined')),
    });
    await harness.withWorker(declined, async () => {
      const handle = await harness.start(sampleInput());
      await handle.result();
      const id = handle.workflowId;
      expect(keys).toEqual([
        { key: `${id}/reserve_inventory` },
        { key: `${id}/release_inventory`, compensates: `${id}/reserve_inventory` },
      ]);
    });
  });

  it.each([
    ['createOrder', 'create_order', []],
    ['reserveInventory', 'reserve_inventory', ['cancelOrder']],
    ['processPayment', 'process_payment', ['releaseInventory', 'cancelOrder']],
    ['createShipment', 'create_shipment', ['refundPayment', 'releaseInventory', 'cancelOrder']],
  ] as const)('undoes in reverse what stood before %s was refused', async (activity, step, undone) => {
    const calls: string[] = [];
    const refuse = () => Promise.reject(refusal('no', 'refused for good'));
    await harness.withWorker(scriptedActivities({ [activity]: refuse }, calls), async () => {
      const handle = await harness.start(sampleInput());
      const view = await handle.result();
      expect(view.status).toBe('failed');
      expect(view.failure).toEqual({ code: 'no', step, message: 'refused for good' });
      expect(calls.slice(calls.indexOf(activity) + 1)).toEqual(undone);
      expect(view.compensations.every(({ state }) => state === 'done')).toBe(true);
      expect(await harness.statusAttribute(handle)).toBe('failed');
    });
  });

  it('refunds a payment whose outcome stayed unknown, and says which service did not answer', async () => {
    const calls: string[] = [];
    const lost = () => Promise.reject(ApplicationFailure.retryable('no answer in time', 'no_answer'));
    await harness.withWorker(scriptedActivities({ processPayment: lost }, calls), async () => {
      const view = await (await harness.start(sampleInput())).result();
      expect(view.steps[2]).toMatchObject({ state: 'unknown', attempts: 2 });
      expect(view.failure).toMatchObject({ code: 'payment_unavailable', step: 'process_payment' });
      expect(calls).toEqual([
        'createOrder',
        'reserveInventory',
        'processPayment',
        'processPayment',
        'refundPayment',
        'releaseInventory',
        'cancelOrder',
      ]);
    });
  });

  it.each(['createOrder', 'reserveInventory', 'processPayment', 'createShipment'] as const)(
    'undoes everything when the customer cancels during %s, even the last step',
    async (activity) => {
      const calls: string[] = [];
      const input = sampleInput();
      const cancelDuring = async () => {
        const handle = harness.environment.client.workflow.getHandle(`order-${input.order.orderId}`);
        await handle.signal(cancelOrderSignal, { by: 'cus_1', reason: 'changed my mind' });
        await handle.signal(cancelOrderSignal, { by: 'somebody else' });
        return { orderId: '', reservationId: '', amount: input.amount, paymentId: '', shipmentId: '' };
      };
      await harness.withWorker(scriptedActivities({ [activity]: cancelDuring }, calls), async () => {
        const handle = await harness.start(input);
        const view = await handle.result();
        expect(view.status).toBe('cancelled');
        expect(view.failure).toEqual({
          code: 'cancelled',
          step: null,
          message: 'Cancelled by cus_1: changed my mind',
        });
        const done = view.steps.filter(({ state }) => state === 'done').map(({ step }) => step);
        expect(view.compensations.map(({ undoes }) => undoes)).toEqual(done.reverse());
        expect(view.compensations.every(({ state }) => state === 'done')).toBe(true);
        expect(await harness.statusAttribute(handle)).toBe('cancelled');
      });
    },
  );

  it('parks when a refund is refused for good, with everything else undone, until it is skipped', async () => {
    const broken = scriptedActivities({
      createShipment: () => Promise.reject(refusal('shipping_unavailable', 'no carrier')),
      refundPayment: () => Promise.reject(refusal('refund_refused', 'not refundable')),
    });
    await harness.withWorker(broken, async () => {
      const handle = await harness.start(sampleInput());
      const view = await harness.parked(handle);
      expect(view.failure).toMatchObject({ code: 'shipping_unavailable', step: 'create_shipment' });
      expect(view.compensations.map(({ step, state, error }) => [step, state, error])).toEqual([
        ['refund_payment', 'failed', 'not refundable'],
        ['release_inventory', 'done', undefined],
        ['cancel_order', 'done', undefined],
      ]);
      expect(await harness.statusAttribute(handle)).toBe('needs_attention');

      const skip = { by: 'op_1', reason: 'paid back by bank transfer', step: 'refund_payment' } as const;
      await handle.executeUpdate(skipCompensationUpdate, { args: [skip] });
      const ended = await handle.result();
      expect(ended.status).toBe('failed');
      expect(ended.compensations[0]).toMatchObject({
        state: 'skipped',
        skippedBy: 'op_1',
        reason: 'paid back by bank transfer',
      });
      expect(await harness.statusAttribute(handle)).toBe('failed');
    });
  });

  it('finishes a parked order by itself once a retried refund goes through', async () => {
    let repaired = false;
    const broken = scriptedActivities({
      createShipment: () => Promise.reject(refusal('shipping_unavailable', 'no carrier')),
      refundPayment: () =>
        repaired
          ? Promise.resolve({ result: 'undone' })
          : Promise.reject(ApplicationFailure.retryable('no answer', 'no_answer')),
    });
    await harness.withWorker(broken, async () => {
      const handle = await harness.start(sampleInput());
      await harness.parked(handle);
      repaired = true;
      await handle.executeUpdate(retryCompensationUpdate, { args: [{ by: 'op_1' }] });
      const view = await handle.result();
      expect(view.status).toBe('failed');
      expect(view.compensations[0]).toMatchObject({ step: 'refund_payment', state: 'done', attempts: 3 });
    });
  });

  it('refuses operators what makes no sense, and nothing of it enters the history', async () => {
    const broken = scriptedActivities({
      createShipment: () => Promise.reject(refusal('shipping_unavailable', 'no carrier')),
      refundPayment: () => Promise.reject(refusal('refund_refused', 'not refundable')),
    });
    await harness.withWorker(broken, async () => {
      const handle = await harness.start(sampleInput());
      await harness.parked(handle);
      const events = async () => (await handle.fetchHistory()).events?.length;
      const before = await events();
      for (const skip of [
        { step: 'cancel_order', by: 'op_1', reason: 'why not' },
        { step: 'refund_payment', by: ' ', reason: 'why not' },
        { step: 'refund_payment', by: 'op_1', reason: '' },
      ] as const) {
        await expect(handle.executeUpdate(skipCompensationUpdate, { args: [skip] })).rejects.toBeInstanceOf(
          WorkflowUpdateFailedError,
        );
      }
      expect(await events()).toBe(before);
      await handle.executeUpdate(skipCompensationUpdate, {
        args: [{ step: 'refund_payment', by: 'op_1', reason: 'settled' }],
      });
      await handle.result();
    });
  });

  it("draws the seed's picture of a declined payment, each compensation linked to what it undoes", async () => {
    const declined = scriptedActivities({
      processPayment: () => Promise.reject(refusal('payment_declined', 'the card was declined')),
    });
    await harness.withWorker(declined, async () => {
      const view = await (await harness.start(sampleInput())).result();
      const spans = harness.spans.filter((span) => span.spanContext().traceId === view.traceId);
      const root = spans.find(({ name }) => name === 'Saga: Create Order')!;
      const children = spans.filter(
        ({ parentSpanContext }) => parentSpanContext?.spanId === root.spanContext().spanId,
      );
      const nameOf = (id: string | undefined) => spans.find((span) => span.spanContext().spanId === id)?.name;
      expect(root.status).toEqual({ code: 2, message: 'Saga failed at payment step' });
      expect(root.events.map(({ name }) => name)).toEqual([
        'Order created',
        'Inventory reserved',
        'exception',
        'Payment failed, starting compensation',
      ]);
      expect(
        children.map(({ name, status, links }) => [name, status.code, nameOf(links[0]?.context.spanId)]),
      ).toEqual([
        ['Step: Create Order', 1, undefined],
        ['Step: Reserve Inventory', 1, undefined],
        ['Step: Process Payment', 2, undefined],
        ['Compensation: Release Inventory', 1, 'Step: Reserve Inventory'],
        ['Compensation: Cancel Order', 1, 'Step: Create Order'],
      ]);
    });
  });
});
