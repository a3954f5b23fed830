import picocolors from 'picocolors';
import { describe, expect, it } from '@jest/globals';
import { renderAttentionPlan, renderCancelPlan } from '../../../src/cli/render-plan';
import type { OrderView } from '../../../src/domain/order';
import { attentionPlan } from '../../../src/orders/attention-plan';
import { cancelPlan } from '../../../src/orders/undo-plan';
import { AT_WORK, PARKED } from './views';

const screen = { colours: picocolors.createColors(false) };
const cancelText = (order: OrderView) => renderCancelPlan(cancelPlan(order), screen);

const HELD: OrderView = {
  ...AT_WORK,
  transaction: 'tcc',
  steps: [
    { step: 'create_order', number: 1, state: 'done', attempts: 1 },
    { step: 'try_inventory', number: 2, state: 'done', attempts: 1 },
    { step: 'try_payment', number: 3, state: 'running', attempts: 1 },
  ],
};

describe('the plan of a cancel, for people', () => {
  it('says what is held and may be', () => {
    const lines = cancelText(HELD).split('\n');
    expect(lines[2]).toMatch(/^1 +Cancel Payment +releases the hold on 59\.98 EUR \(if /);
    expect(lines[3]).toMatch(/^2 +Cancel Inventory +frees 2 × SKU-KEYBOARD$/);
    expect(lines[4]).toMatch(/^3 +Cancel Order +no money, no stock$/);
    expect(lines.at(-1)).toBe('Nothing was changed.');
  });

  it('says what is finished first', () => {
    const confirming: OrderView = {
      ...HELD,
      steps: [
        ...HELD.steps.map((step) => ({ ...step, state: 'done' as const })),
        { step: 'confirm_inventory', number: 4, state: 'running', attempts: 1 },
      ],
    };
    expect(cancelText(confirming)).toContain(
      'would first finish Confirm Inventory and Confirm Payment, because both are promised, then undo, in this order',
    );
  });

  it('says that there is nothing to undo, or nothing to cancel', () => {
    expect(cancelText({ ...AT_WORK, steps: [] })).toContain(
      'would end it as cancelled: there is nothing to undo.',
    );
    expect(cancelText({ ...PARKED, status: 'compensating', compensations: [] })).toContain(
      'it is being undone already, cancelling it would change nothing.',
    );
    expect(cancelText(PARKED)).toContain('cancelling it would change nothing. It waits with:');
  });
});

describe('the plan for an operator, for people', () => {
  const failed = { state: 'failed', attempts: 1, error: 'no\u001b[2J' } as const;
  const order: OrderView = {
    ...PARKED,
    compensations: [
      { step: 'cancel_shipment', undoes: 'create_shipment', ...failed },
      { step: 'cancel_payment', undoes: 'try_payment', ...failed },
      { step: 'cancel_inventory', undoes: 'try_inventory', ...failed },
      {
        step: 'release_inventory',
        undoes: 'reserve_inventory',
        state: 'skipped',
        attempts: 1,
        skippedBy: 'ann',
        reason: 'broken',
      },
    ],
  };
  const text = renderAttentionPlan(order, attentionPlan(order), screen);

  it('says what each skip would leave, and what was given up before', () => {
    expect(text).toContain('leaves a debt: the shipment stands\n');
    expect(text).toContain("59.98 EUR stay blocked on the customer's card until the hold ends by itself");
    expect(text).toContain('2 × SKU-KEYBOARD stay reserved until the hold ends by itself');
    expect(text).toContain('then the order still waits with Cancel Payment, Cancel Inventory');
    expect(text).toContain(
      'Release Inventory was given up by ann: broken; 2 × SKU-KEYBOARD stay sold to nobody',
    );
  });

  it('lets nothing of what a service said reach the terminal', () => {
    expect(text).toContain('could not be finished after 1 attempt: no [2J');
    expect(text).not.toContain('\u001b');
  });
});
