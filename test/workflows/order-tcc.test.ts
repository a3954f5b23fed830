import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import type { OrderView } from '../../src/domain/order';
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

const input = () => sampleInput({ transaction: 'tcc' });
const refuse = (code: string, message: string) => () => Promise.reject(refusal(code, message));
const never = () => Promise.reject(ApplicationFailure.retryable('no answer in time', 'no_answer'));
const stepsOf = ({ steps }: OrderView) => steps.map(({ step, state }) => [step, state]);
const undone = ({ compensations }: OrderView) => compensations.map(({ step, undoes }) => [step, undoes]);

class Latch {
  open!: () => void;
  readonly opened = new Promise<void>((resolve) => (this.open = resolve));
}

describe('orderTcc', () => {
  let harness: OrderHarness;

  beforeAll(async () => {
    harness = await OrderHarness.connect();
  });
  afterAll(async () => {
    await harness.environment.teardown();
  });

  it('holds stock and money, takes both, then ships', async () => {
    const calls: string[] = [];
    await harness.withWorker(scriptedActivities({}, calls), async () => {
      const handle = await harness.start(input());
      const view = await handle.result();
      expect(calls).toEqual([
        'createOrder',
        'tryInventory',
        'tryPayment',
        'confirmInventory',
        'confirmPayment',
        'createShipment',
      ]);
      expect(view).toMatchObject({
        transaction: 'tcc',
        status: 'completed',
        paymentId: 'pay_1',
        shipmentId: 'shp_1',
        compensations: [],
      });
      expect(view.steps.map(({ step, number, state, attempts }) => [step, number, state, attempts])).toEqual([
        ['create_order', 1, 'done', 1],
        ['try_inventory', 2, 'done', 1],
        ['try_payment', 3, 'done', 1],
        ['confirm_inventory', 4, 'done', 1],
        ['confirm_payment', 5, 'done', 1],
        ['create_shipment', 6, 'done', 1],
      ]);
      expect(await handle.query(orderStatusQuery)).toEqual(view);
      expect(await harness.statusAttribute(handle)).toBe('completed');
    });
  });

  it('gives every part a key of its own, and tells confirm, cancel and reverse that of the try', async () => {
    const keys: Record<string, object> = {};
    const noting =
      <Result>(name: string, result: Result) =>
      ({ key, confirms, compensates }: { key: string; confirms?: string; compensates?: string }) => {
        keys[name] = { key, confirms, compensates };
        return Promise.resolve(result);
      };
    const activities = scriptedActivities({
      tryInventory: noting('tryInventory', {
        holdId: 'h',
        amount: { value: 1, currency: 'EUR' },
        expiresAt: '',
      }),
      tryPayment: noting('tryPayment', { paymentId: 'pay_1', expiresAt: '' }),
      confirmInventory: noting('confirmInventory', { result: 'confirmed' } as const),
      confirmPayment: refuse('hold_expired', 'too late'),
      cancelPayment: noting('cancelPayment', { result: 'nothing_to_undo' } as const),
      reverseInventory: noting('reverseInventory', { result: 'undone' } as const),
    });
    await harness.withWorker(activities, async () => {
      const handle = await harness.start(input());
      await handle.result();
      const key = (step: string) => `${handle.workflowId}/${step}`;
      expect(keys).toEqual({
        tryInventory: { key: key('try_inventory') },
        tryPayment: { key: key('try_payment') },
        confirmInventory: { key: key('confirm_inventory'), confirms: key('try_inventory') },
        cancelPayment: { key: key('cancel_payment'), compensates: key('try_payment') },
        reverseInventory: { key: key('reverse_inventory'), compensates: key('try_inventory') },
      });
    });
  });

  it.each([
    ['createOrder', 'create_order', []],
    ['tryInventory', 'try_inventory', ['cancelOrder']],
    ['tryPayment', 'try_payment', ['cancelInventory', 'cancelOrder']],
    ['confirmInventory', 'confirm_inventory', ['cancelPayment', 'cancelInventory', 'cancelOrder']],
    ['confirmPayment', 'confirm_payment', ['cancelPayment', 'reverseInventory', 'cancelOrder']],
    ['createShipment', 'create_shipment', ['reversePayment', 'reverseInventory', 'cancelOrder']],
  ] as const)('cancels or reverses what stood before %s was refused', async (activity, step, undoing) => {
    const calls: string[] = [];
    const script = { [activity]: refuse('no', 'refused for good') };
    await harness.withWorker(scriptedActivities(script, calls), async () => {
      const handle = await harness.start(input());
      const view = await handle.result();
      expect(view.status).toBe('failed');
      expect(view.failure).toEqual({ code: 'no', step, message: 'refused for good' });
      expect(calls.slice(calls.indexOf(activity) + 1)).toEqual(undoing);
      expect(view.compensations.every(({ state }) => state === 'done')).toBe(true);
      expect(await harness.statusAttribute(handle)).toBe('failed');
    });
  });

  it.each([
    ['tryInventory', 'inventory_unavailable', ['cancel_inventory', 'cancel_order']],
    ['tryPayment', 'payment_unavailable', ['cancel_payment', 'cancel_inventory', 'cancel_order']],
    [
      'createShipment',
      'shipping_unavailable',
      ['cancel_shipment', 'reverse_payment', 'reverse_inventory', 'cancel_order'],
    ],
  ] as const)('undoes what %s may have done when it never answers', async (activity, code, undoing) => {
    await harness.withWorker(scriptedActivities({ [activity]: never }), async () => {
      const view = await (await harness.start(input())).result();
      expect(view.failure).toMatchObject({ code, message: 'no answer in time' });
      expect(view.steps.filter(({ state }) => state === 'unknown')).toHaveLength(1);
      expect(undone(view).map(([step]) => step)).toEqual(undoing);
    });
  });

  it.each(['tryInventory', 'tryPayment', 'confirmInventory', 'confirmPayment', 'createShipment'] as const)(
    'ends cancelled with nothing left when the customer cancels during %s',
    async (activity) => {
      const calls: string[] = [];
      const request = input();
      const cancelDuring = async () => {
        const handle = harness.environment.client.workflow.getHandle(`order-${request.order.orderId}`);
        await handle.signal(cancelOrderSignal, { by: 'cus_1', reason: 'changed my mind' });
        return {
          holdId: '',
          amount: request.amount,
          expiresAt: '',
          paymentId: '',
          shipmentId: '',
          result: 'confirmed' as const,
        };
      };
      await harness.withWorker(scriptedActivities({ [activity]: cancelDuring }, calls), async () => {
        const handle = await harness.start(request);
        const view = await handle.result();
        expect(view.status).toBe('cancelled');
        expect(view.failure).toEqual({
          code: 'cancelled',
          step: null,
          message: 'Cancelled by cus_1: changed my mind',
        });
        // What was begun to be confirmed is confirmed by all, so that nothing stands half confirmed.
        const confirmed = calls.filter((name) => name.startsWith('confirm'));
        expect(confirmed).toHaveLength(activity.startsWith('try') ? 0 : 2);
        const undoneSteps = undone(view).map(([step]) => step);
        expect(undoneSteps).toEqual(
          {
            tryInventory: ['cancel_inventory', 'cancel_order'],
            tryPayment: ['cancel_payment', 'cancel_inventory', 'cancel_order'],
            confirmInventory: ['reverse_payment', 'reverse_inventory', 'cancel_order'],
            confirmPayment: ['reverse_payment', 'reverse_inventory', 'cancel_order'],
            createShipment: ['cancel_shipment', 'reverse_payment', 'reverse_inventory', 'cancel_order'],
          }[activity],
        );
      });
    },
  );

  it('parks when a cancel is refused for good, with everything else undone, until it is skipped', async () => {
    const broken = scriptedActivities({
      confirmInventory: refuse('hold_expired', 'too late'),
      cancelPayment: refuse('refund_refused', 'not voidable'),
    });
    await harness.withWorker(broken, async () => {
      const handle = await harness.start(input());
      const view = await harness.parked(handle);
      expect(view.failure).toMatchObject({ code: 'hold_expired', step: 'confirm_inventory' });
      expect(view.paymentId).toBe('pay_1');
      expect(view.compensations.map(({ step, state, error }) => [step, state, error])).toEqual([
        ['cancel_payment', 'failed', 'not voidable'],
        ['cancel_inventory', 'done', undefined],
        ['cancel_order', 'done', undefined],
      ]);
      expect(await harness.statusAttribute(handle)).toBe('needs_attention');
      const skip = { by: 'op_1', reason: 'voided by phone', step: 'cancel_payment' } as const;
      await handle.executeUpdate(skipCompensationUpdate, { args: [skip] });
      const ended = await handle.result();
      expect(ended.status).toBe('failed');
      expect(ended.compensations[0]).toMatchObject({ state: 'skipped', skippedBy: 'op_1' });
    });
  });

  it('finishes a parked order by itself once a retried reversal goes through', async () => {
    let repaired = false;
    const broken = scriptedActivities({
      createShipment: refuse('shipping_unavailable', 'no carrier'),
      reversePayment: () => (repaired ? Promise.resolve({ result: 'undone' }) : never()),
    });
    await harness.withWorker(broken, async () => {
      const handle = await harness.start(input());
      await harness.parked(handle);
      repaired = true;
      await handle.executeUpdate(retryCompensationUpdate, { args: [{ by: 'op_1' }] });
      const view = await handle.result();
      expect(view.status).toBe('failed');
      expect(view.compensations[0]).toMatchObject({ step: 'reverse_payment', state: 'done', attempts: 3 });
    });
  });

  it('shows how far it has come while it runs', async () => {
    const arrived = new Latch();
    const released = new Latch();
    const waiting = scriptedActivities({
      confirmInventory: async () => {
        arrived.open();
        await released.opened;
        return { result: 'confirmed' };
      },
    });
    await harness.withWorker(waiting, async () => {
      const handle = await harness.start(input());
      await arrived.opened;
      expect(stepsOf(await handle.query(orderStatusQuery))).toEqual([
        ['create_order', 'done'],
        ['try_inventory', 'done'],
        ['try_payment', 'done'],
        ['confirm_inventory', 'running'],
        ['confirm_payment', 'pending'],
        ['create_shipment', 'pending'],
      ]);
      released.open();
      await handle.result();
    });
  });
});
