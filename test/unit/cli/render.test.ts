import picocolors from 'picocolors';
import { describe, expect, it } from '@jest/globals';
import { Output } from '../../../src/cli/output';
import { renderAudit } from '../../../src/cli/render-audit';
import { renderOrder, renderSummaries, whyNotCompleted } from '../../../src/cli/render-order';
import type { OrderView } from '../../../src/domain/order';
import type { AuditReport } from '../../../src/orders/audit/report';
import { captureIo } from './capture';
import { AT_WORK, DECLINED, PARKED } from './views';

const colours = picocolors.createColors(false);

describe('an order for people', () => {
  it('shows every step, compensation, attempt, time and error', () => {
    const text = renderOrder(DECLINED, { colours });
    expect(text).toMatch(/Order +o-1 +failed/);
    expect(text).toContain('2 × SKU-KEYBOARD');
    expect(text).toContain('59.98 EUR');
    expect(text).toMatch(/2 +Reserve Inventory +done +2 +250 ms/);
    expect(text).toMatch(/3 +Process Payment +failed +1 +card declined/);
    expect(text).toMatch(/↩ +Release Inventory +done/);
    expect(text).toContain('Order o-1 failed at Process Payment: payment_declined (card declined)');
  });

  it('shows the parts of a TCC transaction, and that it is one', () => {
    const held: OrderView = {
      ...DECLINED,
      transaction: 'tcc',
      failure: { code: 'payment_declined', step: 'try_payment', message: 'card declined' },
      steps: [
        { step: 'create_order', number: 1, state: 'done', attempts: 1 },
        { step: 'try_inventory', number: 2, state: 'done', attempts: 1 },
        { step: 'try_payment', number: 3, state: 'failed', attempts: 1, error: 'card declined' },
        { step: 'confirm_inventory', number: 4, state: 'skipped', attempts: 0 },
      ],
      compensations: [{ step: 'cancel_inventory', undoes: 'try_inventory', state: 'done', attempts: 1 }],
    };
    const text = renderOrder(held, { colours });
    expect(text).toMatch(/Kind +TCC transaction/);
    expect(text).toMatch(/2 +Try Inventory +done/);
    expect(text).toMatch(/4 +Confirm Inventory +skipped/);
    expect(text).toMatch(/↩ +Cancel Inventory +done/);
    expect(text).toContain('Order o-1 failed at Try Payment: payment_declined (card declined)');
    expect(renderOrder(DECLINED, { colours })).not.toContain('Kind');
  });

  it('says what to do when it needs attention', () => {
    const text = renderOrder(PARKED, { colours });
    expect(text).toContain('Refund Payment could not be finished (refund refused)');
    expect(text).toContain('npx orders retry o-1');
    expect(text).toContain('npx orders skip o-1 --step refund_payment');
  });

  it('fits the terminal', () => {
    const steps = renderOrder(PARKED, { colours, width: 60 }).split('STEP')[1] ?? '';
    const table = steps.split('\n\n')[0] ?? '';
    for (const line of table.split('\n').slice(1)) expect(line.length).toBeLessThanOrEqual(60);
  });

  it('shows who gave up a compensation, and why', () => {
    const skipped: OrderView = {
      ...PARKED,
      status: 'failed',
      compensations: [{ ...PARKED.compensations[0]!, state: 'skipped', skippedBy: 'ann', reason: 'by bank' }],
    };
    expect(renderOrder(skipped, { colours })).toContain('by ann: by bank');
  });
});

describe('why an order is not completed', () => {
  it('is nothing for one that is, or is at work', () => {
    expect(whyNotCompleted({ ...DECLINED, status: 'completed' })).toBeUndefined();
    expect(whyNotCompleted(AT_WORK)).toBeUndefined();
  });

  it('is who cancelled it', () => {
    const failure = { code: 'cancelled', step: null, message: 'Cancelled by ann: ordered twice' };
    expect(whyNotCompleted({ ...DECLINED, status: 'cancelled', failure })).toBe(
      'Order o-1: Cancelled by ann: ordered twice',
    );
  });
});

describe('a list of orders', () => {
  it('shows a terminated order as such, not as running', () => {
    const { orderId, workflowId, runId, transaction, customerId, amount, createdAt } = DECLINED;
    const text = renderSummaries(
      [
        {
          orderId,
          workflowId,
          runId,
          transaction,
          customerId,
          amount,
          createdAt,
          status: 'running',
          interrupted: 'terminated',
        },
      ],
      { colours },
    );
    expect(text).toContain('running (terminated)');
  });
});

describe('a narrow terminal', () => {
  it('gets no line that is too long, and ids whole', () => {
    const output = new Output(captureIo({ tty: true, columns: 70, env: { NO_COLOR: '1' } }), false);
    const { orderId: _id, ...rest } = DECLINED;
    const text = renderSummaries([{ ...rest, orderId: 'ord_0123456789012345678901234' }], output);
    expect(text).toContain('ord_0123456789012345678901234');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(70);
  });
});

describe('an audit for people', () => {
  const totals = { charged: 10000, refunded: 4002, held: 0, captured: 5998 };
  const clean: AuditReport = {
    ok: true,
    stock: [{ sku: 'SKU-RARE', seeded: 100, free: 98, reserved: 0, sold: 2 }],
    money: totals,
    currencies: [{ currency: 'EUR', ...totals }],
    orders: { completed: 1, failed: 2 },
    violations: [],
    debts: [],
    unchecked: [],
  };

  it('prints the balance', () => {
    const text = renderAudit(clean, { colours });
    expect(text).toMatch(/SKU-RARE +100 +98 +0 +2/);
    expect(text).toMatch(/EUR +100.00 EUR +40.02 EUR +0.00 EUR +59.98 EUR/);
    expect(text).toMatch(/failed +2/);
    expect(text).toContain('Stock, money and orders agree.');
  });

  it('names each violation', () => {
    const text = renderAudit(
      {
        ...clean,
        ok: false,
        violations: [
          { rule: 'stock_conserved', detail: 'SKU-RARE: lost' },
          { orderId: 'o-1', rule: 'money_conserved', detail: 'kept' },
        ],
      },
      { colours },
    );
    expect(text).toContain('2 violated:');
    expect(text).toContain('stock_conserved: SKU-RARE: lost');
    expect(text).toContain('money_conserved: order o-1: kept');
    expect(text).not.toContain('agree');
  });

  it('shows debts and what could not be checked', () => {
    const debt = { orderId: 'o-1', step: 'refund_payment', skippedBy: 'ann', reason: 'by bank' } as const;
    const text = renderAudit(
      { ...clean, debts: [{ ...debt, amount: { value: 5998, currency: 'EUR' } }], unchecked: ['SKU-RARE'] },
      { colours },
    );
    expect(text).toContain('o-1: Refund Payment of 59.98 EUR, by ann: by bank');
    expect(text).toContain('SKU-RARE was sold too busily');
    const stock = { orderId: 'o-2', step: 'release_inventory', skippedBy: 'bob', reason: 'broken' } as const;
    const items = [{ sku: 'SKU-KEYBOARD', quantity: 2 }];
    expect(renderAudit({ ...clean, debts: [{ ...stock, items }] }, { colours })).toContain(
      'o-2: Release Inventory of 2 × SKU-KEYBOARD, by bob: broken',
    );
  });
});
