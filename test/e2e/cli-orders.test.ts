import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OrderView } from '../../src/domain/order';
import type { AuditReport } from '../../src/orders/audit/report';
import type { OrderPage } from '../../src/orders/order-list';
import { json, orders } from '../support/cli';
import { eventually } from '../support/eventually';
import { TestStack } from '../support/stack';

let stack: TestStack;
beforeAll(async () => {
  stack = await TestStack.start();
});
afterAll(() => stack.stop());

const run = (...args: string[]) => orders(args, stack.environment);
const sample = (...args: string[]) => run('start', '--sample', '--json', ...args);
const audit = async () => json<AuditReport>(await run('audit', '--json'));

describe('every payment token and destination ends as it says', () => {
  it.each<[string, string[], number, object]>([
    ['a good card', [], 0, { status: 'completed' }],
    ['a flaky provider', ['--payment', 'pm_card_flaky'], 0, { status: 'completed' }],
    [
      'a declined card',
      ['--payment', 'pm_card_declined'],
      1,
      { status: 'failed', failure: { code: 'payment_declined', step: 'process_payment' } },
    ],
    [
      'no funds',
      ['--payment', 'pm_card_insufficient_funds'],
      1,
      { status: 'failed', failure: { code: 'payment_declined' } },
    ],
    [
      'an unknown token',
      ['--payment', 'pm_nope'],
      1,
      { status: 'failed', failure: { step: 'process_payment' } },
    ],
    [
      'nothing in stock',
      ['--item', 'SKU-NONE'],
      1,
      { status: 'failed', failure: { code: 'out_of_stock', step: 'reserve_inventory' } },
    ],
    [
      'no carrier',
      ['--country', 'AQ'],
      1,
      { status: 'failed', failure: { code: 'shipping_unavailable', step: 'create_shipment' } },
    ],
  ])('%s', async (_, flags, code, expected) => {
    const result = await sample(...flags);
    expect(json(result)).toMatchObject(expected);
    expect(result.code).toBe(code);
    expect(await audit()).toMatchObject({ ok: true, violations: [], debts: [] });
    const { orderId } = json<OrderView>(result);
    expect(json(await run('trace', orderId, '--lint', '--json'))).toMatchObject({ ok: true, breaches: [] });
  });

  it('gives the money back when the provider took it and never answered', async () => {
    const before = (await audit()).money.refunded;
    const result = await sample('--payment', 'pm_card_timeout');
    expect(result.code).toBe(1);
    const order = json<OrderView & Record<string, unknown>>(result);
    expect(order.status).toBe('failed');
    expect(order.compensations.map(({ step, state }) => [step, state])).toContainEqual([
      'refund_payment',
      'done',
    ]);
    const after = await audit();
    expect(after.ok).toBe(true);
    expect(after.money.refunded).toBe(before + order.amount.value);
  });
});

describe('an order whose refund is refused', () => {
  const parkedIds = ['park-skip', 'park-terminate'];
  beforeAll(async () => {
    for (const id of parkedIds) {
      const parked = await sample('--payment', 'pm_card_refund_fails', '--country', 'AQ', '--order-id', id);
      expect(parked.code).toBe(1);
      expect(json(parked)).toMatchObject({ status: 'needs_attention' });
    }
  });

  it('waits for an operator with everything else undone, and is no violation', async () => {
    const order = json<OrderView & Record<string, unknown>>(await run('status', 'park-skip', '--json'));
    expect(order.compensations.map(({ step, state }) => `${step} ${state}`)).toEqual([
      'refund_payment failed',
      'release_inventory done',
      'cancel_order done',
    ]);
    const report = await audit();
    expect(report).toMatchObject({ ok: true, orders: { needs_attention: 2 } });
  });

  it('is listed by orders attention', async () => {
    const listed = await eventually(
      async () => json<{ orders: OrderView[] }>(await run('attention', '--json')).orders,
      (found) => found.length === 2,
      'both parked orders are listed',
    );
    expect(listed.map(({ orderId }) => orderId).sort()).toEqual(parkedIds);
    const text = await run('attention');
    expect(text.stdout).toMatch(/park-skip +cus_1 +Refund Payment/);
  });

  it('is tried again by orders retry, with 1 when that is refused too', async () => {
    const retried = await run('retry', 'park-skip', '--json', '--by', 'ann');
    expect(retried.code).toBe(1);
    const order = json<OrderView & Record<string, unknown>>(retried);
    expect(order.status).toBe('needs_attention');
    expect(order.compensations.find(({ step }) => step === 'refund_payment')?.attempts).toBeGreaterThan(1);
  });

  it('does not take a skip of something that does not wait', async () => {
    const refused = await run('skip', 'park-skip', '--step', 'cancel_order', '--reason', 'x', '--json');
    expect(refused.code).toBe(1);
    expect(json<{ error: { code: string; message: string } }>(refused).error).toMatchObject({
      code: 'action_refused',
      message: expect.stringContaining('refund_payment'),
    });
  });

  it('is settled by orders skip, which leaves a debt with who and why', async () => {
    const skipped = await run(
      'skip',
      'park-skip',
      ...['--step', 'refund_payment', '--reason', 'paid back by bank transfer', '--by', 'ann', '--json'],
    );
    expect(skipped.code).toBe(0);
    expect(json(skipped)).toMatchObject({ status: 'failed' });
    const { ok, debts } = await audit();
    expect(ok).toBe(true);
    expect(debts).toEqual([
      {
        orderId: 'park-skip',
        step: 'refund_payment',
        amount: { value: 5998, currency: 'EUR' },
        skippedBy: 'ann',
        reason: 'paid back by bank transfer',
      },
    ]);
  });

  it('takes no retry any more, nor a cancellation', async () => {
    expect(json(await run('retry', 'park-skip', '--json'))).toMatchObject({
      error: { code: 'action_refused' },
    });
    const cancelled = await run('cancel', 'park-skip', '--json');
    expect(cancelled.code).toBe(1);
    expect(json(cancelled)).toMatchObject({ error: { code: 'past_cancelling' } });
  });

  it('is a violation once its workflow is terminated', async () => {
    const { client, close } = await stack.openOrders();
    await client.workflow.getHandle('order-park-terminate').terminate('by a test');
    await close();
    const asked = await run('status', 'park-terminate', '--json');
    expect(asked.code).toBe(1);
    expect(json(asked)).toMatchObject({ error: { code: 'order_interrupted' } });
    const report = await audit();
    expect(report.violations).toEqual([
      { orderId: 'park-terminate', rule: 'interrupted', detail: expect.stringContaining('59.98 EUR') },
    ]);
    expect((await run('audit')).code).toBe(1);
  });
});

describe('the same order id', () => {
  it('with the same content is the same order, whatever its state', async () => {
    const first = json<OrderView & Record<string, unknown>>(await sample('--order-id', 'same'));
    const again = await sample('--order-id', 'same');
    expect(again.code).toBe(0);
    expect(again.stderr).toContain('there already');
    expect(json(again)).toEqual(first);
  });

  it('with other content is refused with 2, and nothing changes', async () => {
    const other = await sample('--order-id', 'same', '--customer', 'cus_other');
    expect(other.code).toBe(2);
    expect(json(other)).toMatchObject({ error: { code: 'order_conflict' } });
    expect(json(await run('status', 'same', '--json'))).toMatchObject({ customerId: 'cus_1' });
  });

  it('started many times at once is one order', async () => {
    const started = await Promise.all(
      Array.from({ length: 4 }, () => sample('--order-id', 'at-once', '--detach')),
    );
    const placed = started.map((one) => json<{ runId: string; joined: boolean }>(one));
    expect(new Set(placed.map(({ runId }) => runId)).size).toBe(1);
    expect(placed.filter(({ joined }) => !joined)).toHaveLength(1);
  });
});

describe('an order that cannot be shipped for now', () => {
  it('is followed, cancelled, and undone', async () => {
    const environment = {
      ...stack.environment,
      ORDER_WAIT_MS: '200',
      // Still being tried when it is cancelled, however long the commands take.
      SAGA_STEP_MAX_ATTEMPTS_CREATE_SHIPMENT: '1000',
    };
    const started = await orders(
      ['start', '--sample', '--country', 'XX', '--order-id', 'stuck', '--json'],
      environment,
    );
    expect(started.code).toBe(1);
    expect(json(started)).toMatchObject({ status: 'running' });
    expect(started.stderr).toContain('npx orders status stuck --watch');

    const watching = run('status', 'stuck', '--watch');
    const cancelled = await run('cancel', 'stuck', '--reason', 'too slow', '--by', 'ann', '--json');
    expect(cancelled.code).toBe(0);
    expect(json(cancelled)).toMatchObject({
      status: 'cancelled',
      failure: { code: 'cancelled', message: 'Cancelled by ann: too slow' },
    });
    const watched = await watching;
    expect(watched.code).toBe(1);
    expect(watched.stderr).toContain('Refund Payment: done');
    expect(watched.stderr).toContain('order stuck: cancelled');
    expect((await audit()).violations.map(({ orderId }) => orderId)).not.toContain('stuck');
  });
});

describe('orders list', () => {
  it('gives every order once, newest first, page by page', async () => {
    const all = await eventually(
      async () =>
        json<{ orders: OrderPage['orders'] }>(await run('list', '--json', '--limit', '1000')).orders,
      (found) => found.some(({ orderId, status }) => orderId === 'stuck' && status === 'cancelled'),
      'the last order is listed',
    );
    const created = all.map(({ createdAt }) => createdAt);
    expect(created).toEqual([...created].sort().reverse());
    const paged: string[] = [];
    let cursor: string[] = [];
    do {
      const page = json<{ orders: OrderPage['orders']; nextCursor?: string }>(
        await run('list', '--json', '--limit', '6', ...cursor),
      );
      paged.push(...page.orders.map(({ orderId }) => orderId));
      cursor = page.nextCursor === undefined ? [] : ['--cursor', page.nextCursor];
    } while (cursor.length > 0);
    expect(paged).toEqual(all.map(({ orderId }) => orderId));
  });

  it('shows only what was asked for', async () => {
    const completed = json<{ orders: OrderPage['orders'] }>(
      await run('list', '--status', 'completed', '--json'),
    );
    expect(completed.orders.length).toBeGreaterThan(0);
    for (const { status } of completed.orders) expect(status).toBe('completed');
    const injected = await run('list', '--customer', "x' OR CustomerId = 'cus_1", '--json');
    expect(json(injected)).toEqual({ orders: [] });
  });

  it('refuses a cursor of its own making', async () => {
    const result = await run('list', '--cursor', 'abc', '--json');
    expect(result.code).toBe(2);
    expect(json(result)).toMatchObject({ error: { errors: [{ field: 'cursor' }] } });
  });
});

describe('progress', () => {
  it('goes to stderr under --watch, one line for each change, and the result alone to stdout', async () => {
    const result = await sample('--watch');
    expect(result.code).toBe(0);
    expect(json(result)).toMatchObject({ status: 'completed' });
    expect(result.stderr).toMatch(/Create Shipment: done/);
    expect(result.stdout + result.stderr).not.toContain('\u001b');
  });
});
