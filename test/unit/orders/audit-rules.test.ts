import { describe, expect, it } from '@jest/globals';
import type { CompensationView } from '../../../src/domain/order';
import type { HeldUntil } from '../../../src/domain/service-contract';
import type { OrderEffects } from '../../../src/orders/audit/effects';
import { judgeOrder } from '../../../src/orders/audit/rules';
import type { OrderEnd } from '../../../src/orders/audit/rules';

const amount = { value: 5998, currency: 'EUR' };
const orderId = 'o-1';
const row = (status: 'created' | 'cancelled') => ({ orderId, status, amount });
const reservation = (state: 'held' | 'sold' | 'released', end: HeldUntil = {}) => ({
  orderId,
  state,
  items: [{ sku: 'SKU-KEYBOARD', quantity: 2 }],
  ...end,
});
const expiresAt = '2026-01-01T00:01:00.000Z';
/** A hold that may still be confirmed; one that the next clean-up frees; one that clean-ups have forgotten. */
const LIVE = { expiresAt, expired: false, overdue: false };
const ENDING = { expiresAt, expired: true, overdue: false };
const OVERDUE = { expiresAt, expired: true, overdue: true };
const shipment = (status: 'created' | 'cancelled') => ({ orderId, status });
const payment = (charged: number, refunded: number, held = 0, currency = 'EUR', end: HeldUntil = {}) => ({
  orderId,
  currency,
  charged,
  refunded,
  held,
  ...end,
});
const moneyOnHold = (end: HeldUntil) => payment(0, 0, 5998, 'EUR', end);

const nothing: OrderEffects = { orderRows: [], reservations: [], payments: [], shipments: [] };
const done: OrderEffects = {
  orderRows: [row('created')],
  reservations: [reservation('sold')],
  payments: [payment(5998, 0)],
  shipments: [shipment('created')],
};
const undone: OrderEffects = {
  orderRows: [row('cancelled')],
  reservations: [reservation('released')],
  payments: [payment(5998, 5998)],
  shipments: [shipment('cancelled')],
};

const skippedRefund: CompensationView = {
  step: 'refund_payment',
  undoes: 'process_payment',
  state: 'skipped',
  attempts: 3,
  skippedBy: 'ann',
  reason: 'paid back by bank transfer',
};

/** Given up, of an order with a TCC transaction. */
const skipped = (step: CompensationView['step']): CompensationView => ({
  ...skippedRefund,
  step,
  undoes: step.endsWith('inventory') ? 'try_inventory' : 'try_payment',
});

function judge(end: OrderEnd, effects: OrderEffects, skipped: readonly CompensationView[] = []) {
  return judgeOrder({ orderId, end, effects, amount, skipped });
}
const rulesOf = (end: OrderEnd, effects: OrderEffects) =>
  judge(end, effects).violations.map(({ rule }) => rule);

describe('books that agree with their order', () => {
  it.each<[string, OrderEnd, OrderEffects]>([
    ['a completed order with everything standing', 'completed', done],
    ['an undone order with nothing standing', 'undone', undone],
    ['an order that was undone before it did anything', 'undone', nothing],
    ['an order at work that has done nothing yet', 'open', nothing],
    ['an order at work that is half done', 'open', { ...nothing, orderRows: [row('created')] }],
    ['a parked order whose money is still here', 'open', { ...undone, payments: [payment(5998, 0)] }],
    ['a dropped order that was completed', 'unknown', done],
    ['a dropped order that was undone', 'unknown', undone],
    ['a terminated order that had done nothing', 'terminated', nothing],
    [
      'an order at work with stock and money on hold',
      'open',
      { ...nothing, reservations: [reservation('held', LIVE)], payments: [moneyOnHold(LIVE)] },
    ],
    [
      'a terminated order whose holds will expire',
      'terminated',
      { ...nothing, reservations: [reservation('held', LIVE)], payments: [moneyOnHold(LIVE)] },
    ],
    [
      'a dropped order whose holds will expire',
      'unknown',
      { ...nothing, reservations: [reservation('held', LIVE)], payments: [moneyOnHold(LIVE)] },
    ],
    [
      'an undone order whose holds have expired, and are freed by the next clean-up',
      'undone',
      { ...undone, reservations: [reservation('held', ENDING)], payments: [moneyOnHold(ENDING)] },
    ],
    [
      'a free order without any payment',
      'completed',
      { ...done, orderRows: [{ ...row('created'), amount: { value: 0, currency: 'EUR' } }], payments: [] },
    ],
  ])('are no violation: %s', (_, end, effects) => {
    expect(judge(end, effects)).toEqual({ violations: [], debts: [] });
  });
});

describe('violations', () => {
  it.each<[string, string, OrderEnd, OrderEffects]>([
    [
      'completed_in_full',
      'a completed order without an order row',
      'completed',
      { ...done, orderRows: [row('cancelled')] },
    ],
    [
      'completed_in_full',
      'a completed order without a reservation',
      'completed',
      { ...done, reservations: [reservation('released')] },
    ],
    ['completed_in_full', 'a completed order without a shipment', 'completed', { ...done, shipments: [] }],
    ['money_conserved', 'a completed order that was not paid', 'completed', { ...done, payments: [] }],
    [
      'money_conserved',
      'a completed order that was paid twice',
      'completed',
      { ...done, payments: [payment(11996, 0)] },
    ],
    [
      'money_conserved',
      'a completed order that was paid and refunded',
      'completed',
      { ...done, payments: [payment(5998, 5998)] },
    ],
    [
      'money_conserved',
      'a completed order paid in another currency',
      'completed',
      { ...done, payments: [payment(5998, 0, 0, 'USD')] },
    ],
    [
      'money_conserved',
      'a completed order with money still held',
      'completed',
      { ...done, payments: [payment(5998, 0, 5998)] },
    ],
    [
      'money_conserved',
      'an undone order whose money was kept',
      'undone',
      { ...undone, payments: [payment(5998, 0)] },
    ],
    [
      'money_conserved',
      'an undone order that was refunded twice',
      'undone',
      { ...undone, payments: [payment(5998, 11996)] },
    ],
    [
      'money_conserved',
      'an undone order with money still held',
      'undone',
      { ...undone, payments: [payment(0, 0, 5998)] },
    ],
    [
      'nothing_stands',
      'an undone order with an order row',
      'undone',
      { ...undone, orderRows: [row('created')] },
    ],
    [
      'nothing_stands',
      'an undone order with a reservation',
      'undone',
      { ...undone, reservations: [reservation('sold')] },
    ],
    [
      'nothing_stands',
      'an undone order with a shipment',
      'undone',
      { ...undone, shipments: [shipment('created')] },
    ],
    [
      'at_most_once',
      'two reservations',
      'completed',
      { ...done, reservations: [reservation('sold'), reservation('sold')] },
    ],
    [
      'at_most_once',
      'a reservation and a hold while at work',
      'open',
      { ...nothing, reservations: [reservation('sold'), reservation('held', LIVE)] },
    ],
    [
      'hold_left',
      'an undone order with stock on hold',
      'undone',
      { ...undone, reservations: [reservation('held', LIVE)] },
    ],
    [
      'hold_left',
      'an undone order with stock on hold that clean-ups have forgotten',
      'undone',
      { ...undone, reservations: [reservation('held', OVERDUE)] },
    ],
    [
      'money_conserved',
      'an undone order with money on hold that clean-ups have forgotten',
      'undone',
      { ...undone, payments: [moneyOnHold(OVERDUE)] },
    ],
    ...(['open', 'unknown', 'terminated'] as const).flatMap<[string, string, OrderEnd, OrderEffects]>(
      (end) => [
        [
          'hold_left',
          `stock on hold that clean-ups have forgotten, of an order that is ${end}`,
          end,
          { ...nothing, reservations: [reservation('held', OVERDUE)] },
        ],
        [
          'hold_left',
          `money on hold that clean-ups have forgotten, of an order that is ${end}`,
          end,
          { ...nothing, payments: [moneyOnHold(OVERDUE)] },
        ],
      ],
    ),
    [
      'overcharged',
      'an order at work that is charged and has money on hold besides',
      'open',
      { ...nothing, payments: [payment(5998, 0, 5998, 'EUR', LIVE)] },
    ],
    [
      'at_most_once',
      'two shipments while at work',
      'open',
      { ...nothing, shipments: [shipment('created'), shipment('created')] },
    ],
    [
      'overcharged',
      'an order at work that paid too much',
      'open',
      { ...nothing, payments: [payment(5999, 0)] },
    ],
    [
      'overcharged',
      'an order at work that paid in another currency',
      'open',
      { ...nothing, payments: [payment(1, 0, 0, 'USD')] },
    ],
    [
      'orphan_effect',
      'a reservation without a workflow',
      'unknown',
      { ...nothing, reservations: [reservation('sold')] },
    ],
    ['orphan_effect', 'money without a workflow', 'unknown', { ...nothing, payments: [payment(5998, 0)] }],
    [
      'orphan_effect',
      'an order without its shipment and without a workflow',
      'unknown',
      { ...done, shipments: [] },
    ],
    [
      'interrupted',
      'a terminated order whose money is still here',
      'terminated',
      { ...undone, payments: [payment(5998, 0)] },
    ],
    [
      'interrupted',
      'a timed out order with a reservation',
      'timed_out',
      { ...nothing, reservations: [reservation('sold')] },
    ],
  ])('%s: %s', (rule, _, end, effects) => {
    expect(rulesOf(end, effects)).toEqual([rule]);
  });

  it('name the order and what is wrong', () => {
    expect(judge('undone', { ...undone, payments: [payment(5998, 0)] }).violations).toEqual([
      { orderId, rule: 'money_conserved', detail: "undone, but 59.98 EUR of the customer's was kept" },
    ]);
  });

  it('are both: a completed order has no reservation, and its stock is still on hold', () => {
    expect(rulesOf('completed', { ...done, reservations: [reservation('held', OVERDUE)] })).toEqual([
      'completed_in_full',
      'hold_left',
    ]);
  });

  it('say since when a hold is left', () => {
    const left = {
      ...nothing,
      reservations: [reservation('held', OVERDUE)],
      payments: [moneyOnHold(OVERDUE)],
    };
    expect(judge('open', left).violations.map(({ detail }) => detail)).toEqual([
      `stock is still on hold, which ended at ${expiresAt}`,
      `59.98 EUR is still held, which ended at ${expiresAt}`,
    ]);
  });

  it('are all reported of one order', () => {
    expect(rulesOf('undone', done)).toEqual([
      'nothing_stands',
      'nothing_stands',
      'nothing_stands',
      'money_conserved',
    ]);
  });

  it('are found by the price in the order book, not by what the workflow was told', () => {
    const cheaper = { ...done, orderRows: [{ ...row('created'), amount: { value: 1, currency: 'EUR' } }] };
    expect(rulesOf('completed', cheaper)).toEqual(['money_conserved']);
  });
});

describe('what an operator gave up', () => {
  const kept = { ...undone, payments: [payment(5998, 0)] };

  it('is a debt and no violation, with who and why', () => {
    expect(judge('undone', kept, [skippedRefund])).toEqual({
      violations: [],
      debts: [
        { orderId, step: 'refund_payment', amount, skippedBy: 'ann', reason: 'paid back by bank transfer' },
      ],
    });
  });

  const { items } = reservation('sold');
  it.each<[CompensationView['step'], OrderEffects, object]>([
    ['reverse_payment', kept, { amount }],
    ['cancel_payment', { ...undone, payments: [moneyOnHold(LIVE)] }, { amount }],
    ['reverse_inventory', { ...undone, reservations: [reservation('sold')] }, { items }],
    ['cancel_inventory', { ...undone, reservations: [reservation('held', LIVE)] }, { items }],
    ['release_inventory', { ...undone, reservations: [reservation('sold')] }, { items }],
    ['cancel_shipment', { ...undone, shipments: [shipment('created')] }, {}],
  ])('is a debt of whatever it leaves, with who and why: %s', (step, effects, left) => {
    expect(judge('undone', effects).violations).toHaveLength(1);
    const { violations, debts } = judge('undone', effects, [skipped(step)]);
    expect(violations).toEqual([]);
    const { reason } = skippedRefund;
    expect(debts).toEqual([{ orderId, step, ...left, skippedBy: 'ann', reason }]);
  });

  it('excuses nothing else', () => {
    const judgement = judge('undone', { ...kept, reservations: [reservation('sold')] }, [skippedRefund]);
    expect(judgement.violations.map(({ rule }) => rule)).toEqual(['nothing_stands']);
    expect(judgement.debts).toHaveLength(1);
  });

  it('is no debt where the effect did not stand after all', () => {
    expect(judge('undone', undone, [skippedRefund])).toEqual({ violations: [], debts: [] });
    expect(judge('undone', undone, [skipped('reverse_payment')])).toEqual({ violations: [], debts: [] });
  });

  it('does not excuse a refund that was paid twice', () => {
    const twice = { ...undone, payments: [payment(5998, 11996)] };
    expect(judge('undone', twice, [skippedRefund]).violations).toHaveLength(1);
  });
});
