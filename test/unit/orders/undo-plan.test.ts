import { describe, expect, it } from '@jest/globals';
import type { CompensationView, OrderView, StepState } from '../../../src/domain/order';
import { ALL_STEPS, STEPS_OF } from '../../../src/domain/steps';
import { attentionPlan, moneyOf } from '../../../src/orders/attention-plan';
import { PastCancellingError } from '../../../src/orders/errors';
import { cancelPlan, undoPlan } from '../../../src/orders/undo-plan';
import { PARKED } from '../cli/views';

const items = [{ sku: 'SKU-KEYBOARD', quantity: 2 }];
const amount = { value: 5998, currency: 'EUR' };

/** An order at work: its steps in these states, from the first; the others are pending. */
function atWork(transaction: 'saga' | 'tcc', ...states: StepState[]): OrderView {
  const { failure: _, ...order } = PARKED;
  return {
    ...order,
    transaction,
    status: 'running',
    items,
    amount,
    steps: STEPS_OF[transaction].map(({ name, number }, index) => ({
      step: name,
      number,
      state: states[index] ?? 'pending',
      attempts: 1,
    })),
    compensations: [],
  };
}

const inWords = (order: OrderView) =>
  undoPlan(order).map(({ step, certain, money, stock }) =>
    [
      step + (certain ? '' : '?'),
      ...(money === undefined ? [] : [`${String(money.value)} ${money.from}`]),
      ...(stock?.items ?? []).map(({ sku, quantity }) => `${String(quantity)} ${sku} ${String(stock?.from)}`),
    ].join(', '),
  );

const REFUND = 'refund_payment, 5998 captured';
const RELEASE = 'release_inventory, 2 SKU-KEYBOARD sold';
const REVERSALS = ['reverse_payment, 5998 captured', 'reverse_inventory, 2 SKU-KEYBOARD sold'];
const MAYBE_REVERSALS = ['reverse_payment?, 5998 captured', 'reverse_inventory?, 2 SKU-KEYBOARD sold'];

describe('the undo plan of an order at work', () => {
  it.each<[string, StepState[], string[]]>([
    ['has not begun', [], []],
    ['creates the order', ['running'], ['cancel_order?']],
    ['has created the order', ['done'], ['cancel_order']],
    ['reserves', ['done', 'running'], ['release_inventory?, 2 SKU-KEYBOARD sold', 'cancel_order']],
    ['has reserved', ['done', 'done'], [RELEASE, 'cancel_order']],
    ['pays', ['done', 'done', 'running'], ['refund_payment?, 5998 captured', RELEASE, 'cancel_order']],
    ['has paid', ['done', 'done', 'done'], [REFUND, RELEASE, 'cancel_order']],
    ['ships', ['done', 'done', 'done', 'running'], ['cancel_shipment?', REFUND, RELEASE, 'cancel_order']],
    ['has shipped', ['done', 'done', 'done', 'done'], ['cancel_shipment', REFUND, RELEASE, 'cancel_order']],
    ['was refused the stock', ['done', 'failed'], ['cancel_order']],
    ['does not know', ['done', 'unknown'], ['release_inventory?, 2 SKU-KEYBOARD sold', 'cancel_order']],
  ])('names every undo of a saga that %s, last first', (_, states, expected) => {
    expect(inWords(atWork('saga', ...states))).toEqual(expected);
    expect(cancelPlan(atWork('saga', ...states))).toMatchObject({
      effect: 'undo',
      ends: 'cancelled',
      finishFirst: [],
    });
  });

  it.each<[string, StepState[], string[], string[]]>([
    ['has not begun', [], [], []],
    [
      'holds the stock',
      ['done', 'running'],
      ['cancel_inventory?, 2 SKU-KEYBOARD reserved', 'cancel_order'],
      [],
    ],
    [
      'holds the money',
      ['done', 'done', 'running'],
      ['cancel_payment?, 5998 held', 'cancel_inventory, 2 SKU-KEYBOARD reserved', 'cancel_order'],
      [],
    ],
    [
      'has held both',
      ['done', 'done', 'done'],
      ['cancel_payment, 5998 held', 'cancel_inventory, 2 SKU-KEYBOARD reserved', 'cancel_order'],
      [],
    ],
    [
      'sells',
      ['done', 'done', 'done', 'running'],
      [...MAYBE_REVERSALS, 'cancel_order'],
      ['confirm_inventory', 'confirm_payment'],
    ],
    [
      'captures',
      ['done', 'done', 'done', 'done', 'running'],
      [MAYBE_REVERSALS[0]!, REVERSALS[1]!, 'cancel_order'],
      ['confirm_payment'],
    ],
    ['has taken both', ['done', 'done', 'done', 'done', 'done'], [...REVERSALS, 'cancel_order'], []],
    [
      'ships',
      ['done', 'done', 'done', 'done', 'done', 'running'],
      ['cancel_shipment?', ...REVERSALS, 'cancel_order'],
      [],
    ],
  ])('names every undo of a TCC transaction that %s', (_, states, expected, finishFirst) => {
    expect(inWords(atWork('tcc', ...states))).toEqual(expected);
    expect(cancelPlan(atWork('tcc', ...states)).finishFirst).toEqual(finishFirst);
  });

  it('knows an undo for every step there is', () => {
    const every = (['saga', 'tcc'] as const).flatMap((kind) => [
      ...undoPlan(atWork(kind, ...STEPS_OF[kind].map(() => 'done' as const))),
      ...undoPlan(atWork(kind, 'done', 'done', 'done')),
    ]);
    expect(new Set(every.map(({ step }) => step))).toEqual(
      new Set(ALL_STEPS.map(({ compensation }) => compensation.name)),
    );
  });
});

describe('the plan of a cancel', () => {
  it.each(['completed', 'failed', 'cancelled'] as const)('is refused for an order that is %s', (status) => {
    const order = { ...atWork('saga', 'done'), status };
    expect(undoPlan(order)).toEqual([]);
    expect(() => cancelPlan(order)).toThrow(PastCancellingError);
  });

  const beingUndone: OrderView = {
    ...PARKED,
    status: 'compensating',
    compensations: [
      { step: 'refund_payment', undoes: 'process_payment', state: 'done', attempts: 1 },
      { step: 'release_inventory', undoes: 'reserve_inventory', state: 'running', attempts: 0 },
      { step: 'cancel_order', undoes: 'create_order', state: 'pending', attempts: 0 },
    ],
  };

  it('changes nothing of an order that is being undone, and says what is left', () => {
    const plan = cancelPlan(beingUndone);
    expect(plan).toMatchObject({ effect: 'already_compensating', ends: 'failed' });
    expect(plan.undo.map(({ step }) => step)).toEqual(['release_inventory', 'cancel_order']);
    const failure = { code: 'cancelled', step: null, message: 'Cancelled by ann' };
    expect(cancelPlan({ ...beingUndone, failure }).ends).toBe('cancelled');
  });

  it('changes nothing of an order that waits for an operator', () => {
    expect(cancelPlan(PARKED)).toMatchObject({
      effect: 'needs_attention',
      undo: [{ step: 'refund_payment' }],
    });
  });
});

describe('the plan for an operator', () => {
  const failed = (step: CompensationView['step'], undoes: CompensationView['undoes'], endedAt: string) => ({
    step,
    undoes,
    state: 'failed' as const,
    attempts: 3,
    endedAt,
    error: `no ${step}`,
  });
  const two: OrderView = {
    ...PARKED,
    steps: atWork('saga', 'done', 'done', 'done', 'unknown').steps,
    compensations: [
      failed('cancel_shipment', 'create_shipment', '2026-01-01T00:00:03.000Z'),
      failed('refund_payment', 'process_payment', '2026-01-01T00:00:02.000Z'),
      {
        step: 'release_inventory',
        undoes: 'reserve_inventory',
        state: 'skipped',
        attempts: 3,
        skippedBy: 'ann',
        reason: 'broken',
      },
      { step: 'cancel_order', undoes: 'create_order', state: 'done', attempts: 1 },
    ],
  };

  it('says since when and why, and what a retry would run, in order', () => {
    const plan = attentionPlan(two);
    expect(plan.since).toBe('2026-01-01T00:00:02.000Z');
    expect(plan.waiting).toEqual([
      {
        step: 'cancel_shipment',
        undoes: 'create_shipment',
        certain: false,
        since: '2026-01-01T00:00:03.000Z',
        attempts: 3,
        error: 'no cancel_shipment',
      },
      {
        step: 'refund_payment',
        undoes: 'process_payment',
        certain: true,
        money: { from: 'captured', ...amount },
        since: '2026-01-01T00:00:02.000Z',
        attempts: 3,
        error: 'no refund_payment',
      },
    ]);
    expect(plan.retry).toMatchObject({
      undo: [{ step: 'cancel_shipment' }, { step: 'refund_payment' }],
      ends: 'failed',
    });
    expect(moneyOf(plan.retry.undo)).toEqual([amount]);
  });

  it('says what each skip leaves, and what would wait then', () => {
    expect(attentionPlan(two).skip).toEqual([
      { step: 'cancel_shipment', leaves: {}, stillWaiting: ['refund_payment'] },
      {
        step: 'refund_payment',
        leaves: { money: { from: 'captured', ...amount } },
        stillWaiting: ['cancel_shipment'],
      },
    ]);
    const one = { ...two, compensations: two.compensations.slice(1) };
    expect(attentionPlan(one).skip).toMatchObject([{ stillWaiting: [], ends: 'failed' }]);
  });

  it('keeps in sight what was given up before', () => {
    expect(attentionPlan(two).givenUp).toEqual([
      {
        step: 'release_inventory',
        undoes: 'reserve_inventory',
        certain: true,
        stock: { from: 'sold', items },
        skippedBy: 'ann',
        reason: 'broken',
      },
    ]);
  });

  it('is empty for an order that does not wait', () => {
    expect(attentionPlan({ ...two, status: 'compensating' })).toMatchObject({ waiting: [], skip: [] });
  });

  it('sums up money by currency', () => {
    const yen = { ...two, amount: { value: 1, currency: 'JPY' } };
    const undos = [two, two, yen].flatMap((order) => attentionPlan(order).retry.undo);
    expect(moneyOf(undos)).toEqual([
      { value: 2 * amount.value, currency: 'EUR' },
      { value: 1, currency: 'JPY' },
    ]);
  });
});
