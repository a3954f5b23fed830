import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TransactionKind } from '../../src/domain/order';
import { STEPS_OF } from '../../src/domain/steps';
import { cancelOrderSignal } from '../../src/workflows/definitions';
import type { SettlementInput } from '../../src/workflows/definitions';
import { scriptedActivities } from '../support/order-activities';
import { OrderHarness } from '../support/order-harness';
import { sampleInput } from '../support/orders';

/** Of an order of which everything stands. */
function completedInput(transaction: TransactionKind): SettlementInput {
  const { order, amount, policies } = sampleInput({ transaction });
  const { orderId, customerId, items } = order;
  return {
    order: { orderId, customerId, items, transaction },
    amount,
    policies,
    settlement: { abandoned: 'terminated' },
    steps: STEPS_OF[transaction].map(({ name }) => ({ step: name, state: 'done', attempts: 1 })),
    completed: true,
  };
}

describe('orderSettlement of an order of which everything stands', () => {
  let harness: OrderHarness;

  beforeAll(async () => {
    harness = await OrderHarness.connect();
  });
  afterAll(async () => {
    await harness.environment.teardown();
  });

  const kinds: [TransactionKind, string[]][] = [
    ['saga', ['cancelShipment', 'refundPayment', 'releaseInventory', 'cancelOrder']],
    ['tcc', ['cancelShipment', 'reversePayment', 'reverseInventory', 'cancelOrder']],
  ];

  it.each(kinds)('completes it, and undoes nothing: %s', async (kind) => {
    const calls: string[] = [];
    await harness.withWorker(scriptedActivities({}, calls), async () => {
      const view = await (await harness.startSettlement(completedInput(kind))).result();
      expect(view).toMatchObject({ status: 'completed', compensations: [] });
      expect(view.steps.every(({ state }) => state === 'done')).toBe(true);
      expect(calls).toEqual([]);
    });
  });

  it.each(kinds)(
    'undoes everything when it is cancelled before any worker has it: %s',
    async (kind, undone) => {
      const calls: string[] = [];
      const handle = await harness.startSettlement(completedInput(kind));
      await handle.signal(cancelOrderSignal, { by: 'cus_1' });
      await harness.withWorker(scriptedActivities({}, calls), async () => {
        const view = await handle.result();
        expect(view.status).toBe('cancelled');
        expect(view.compensations.map(({ state }) => state)).toEqual(undone.map(() => 'done'));
        expect(calls).toEqual(undone);
      });
    },
  );
});
