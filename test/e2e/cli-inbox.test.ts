import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { orderWorkflowId } from '../../src/domain/ids';
import type { Order, OrderView } from '../../src/domain/order';
import type { AttentionPlan } from '../../src/orders/attention-plan';
import type { Orders } from '../../src/orders/open-orders';
import { retryWaiting } from '../../src/orders/retry-waiting';
import type { RetriedOrder } from '../../src/orders/retry-waiting';
import type { CancelPlan } from '../../src/orders/undo-plan';
import { waitingOrders } from '../../src/orders/waiting-orders';
import type { WaitingFilter } from '../../src/orders/waiting-orders';
import { json, orders } from '../support/cli';
import { eventually } from '../support/eventually';
import { sampleOrder } from '../support/orders';
import { TestStack } from '../support/stack';

/** Orders that no refund reaches until the payment service is back; what `by-hand` paid is never paid back. */
const STRUCK = ['out-1', 'out-2', 'out-tcc'];
const REFUSED = 'by-hand';
const amount = { value: 5998, currency: 'EUR' };

let stack: TestStack;
let session: Orders;
beforeAll(async () => {
  stack = await TestStack.start({ FAULTS: 'on' });
  session = await stack.openOrders();
  await payBack('never');
  const shippingAddress = { ...sampleOrder().shippingAddress, country: 'AQ' };
  const place = async (orderId: string, changes: Partial<Order> = {}) => {
    await session.orders.start(sampleOrder({ orderId, shippingAddress, ...changes }));
    const order = await session.orders.waitForOutcome(orderId, { timeoutMs: 60_000 });
    expect(order).toMatchObject({ status: 'needs_attention' });
  };
  await Promise.all([
    place('out-1'),
    place('out-2'),
    place('out-tcc', { transaction: 'tcc' }),
    place(REFUSED, { customerId: 'cus_2', payment: { method: 'pm_card_refund_fails' } }),
  ]);
});
afterAll(async () => {
  await session.close();
  await stack.stop();
});

const run = (...args: string[]) => orders(args, stack.environment);
const status = (id: string) => session.orders.get(id);

type PlannedOrder = OrderView & { readonly plan: AttentionPlan };
type Retried = Record<string, unknown> & { ok: boolean; orders: RetriedOrder[] };

/** Tells the payment service to fail every refund, or none. */
async function payBack(when: 'never' | 'again'): Promise<void> {
  const faults = ['POST /refunds', 'POST /reversals'].map((operation) => ({
    operation,
    kind: 'fail',
    times: 1_000_000,
  }));
  const response = await fetch(`${stack.config.services.payment.url}/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ faults: when === 'never' ? faults : [] }),
  });
  expect(response.status).toBe(200);
}

/** The inbox, once Temporal's list, which lags, has `count` orders for it. */
async function inbox(count: number, filter: WaitingFilter = {}): Promise<PlannedOrder[]> {
  await eventually(
    () => waitingOrders(session.orders, filter),
    (found) => found.length === count,
    `${String(count)} orders wait`,
  );
  const { customerId, step } = filter;
  const flags = [
    ...(customerId === undefined ? [] : ['--customer', customerId]),
    ...(step === undefined ? [] : ['--step', step]),
  ];
  return json<{ orders: PlannedOrder[] }>(await run('attention', '--plan', '--json', ...flags)).orders;
}

const ids = (found: readonly { orderId: string }[]) => found.map(({ orderId }) => orderId).sort();
const attemptsOf = ({ compensations }: OrderView) =>
  compensations.find(({ state }) => state === 'failed')?.attempts;

describe('orders attention --plan', () => {
  it('says of each order since when, why, and what retry and skip would do', async () => {
    const found = await inbox(4);
    expect(ids(found)).toEqual([...STRUCK, REFUSED].sort());
    const one = found.find(({ orderId }) => orderId === 'out-1')!;
    const refund = {
      step: 'refund_payment',
      undoes: 'process_payment',
      certain: true,
      money: { from: 'captured', ...amount },
    };
    const waiting = { ...refund, attempts: 3, error: expect.any(String), since: one.plan.since };
    expect(one.plan).toEqual({
      since: one.compensations.find(({ step }) => step === 'refund_payment')?.endedAt,
      waiting: [waiting],
      retry: { undo: [refund], ends: 'failed' },
      skip: [{ step: 'refund_payment', leaves: { money: refund.money }, stillWaiting: [], ends: 'failed' }],
      givenUp: [],
    });
    const { plan: _, ...order } = one;
    expect(order).toEqual(await status('out-1'));
  });

  it('says it in words', async () => {
    const { stdout } = await run('attention', '--plan', '--customer', 'cus_2');
    expect(stdout).toMatch(/^by-hand {2}cus_2 {2}59\.98 EUR {2}since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\n/);
    expect(stdout).toContain('Refund Payment could not be finished after 3 attempts: ');
    expect(stdout).toContain('npx orders retry by-hand\n      runs Refund Payment: refunds 59.98 EUR\n');
    expect(stdout).toContain("leaves a debt: 59.98 EUR stay with us that are the customer's\n");
    expect(stdout).toContain('then the order is failed');
  });

  it('shows only what was asked for', async () => {
    expect(ids(await inbox(1, { customerId: 'cus_2' }))).toEqual([REFUSED]);
    expect(ids(await inbox(1, { step: 'reverse_payment' }))).toEqual(['out-tcc']);
    expect(ids(await inbox(0, { step: 'reverse_payment', customerId: 'cus_2' }))).toEqual([]);
    expect((await run('attention', '--step', 'cancel_order')).stdout).toBe(
      'No order waits for an operator\n',
    );
  });
});

describe('orders cancel --dry-run', () => {
  it('ends with 1 for an order that waits for an operator, as the cancel does', async () => {
    const planned = await run('cancel', REFUSED, '--dry-run', '--json');
    expect(json<CancelPlan & object>(planned)).toMatchObject({
      dryRun: true,
      effect: 'needs_attention',
      undo: [{ step: 'refund_payment', money: { from: 'captured', ...amount } }],
    });
    const { code } = await run('cancel', REFUSED);
    expect([planned.code, code]).toEqual([1, 1]);
  });

  it.each([
    ['a completed order', ['done', '--order-id', 'done'], 1, 'past_cancelling'],
    ['no order', undefined, 4, 'not_found'],
  ])('is refused for %s, as the cancel is', async (_, flags, code, error) => {
    if (flags !== undefined) await run('start', '--sample', '--order-id', 'done');
    const id = flags?.[0] ?? 'nobody';
    const planned = await run('cancel', id, '--dry-run', '--json');
    const real = await run('cancel', id, '--json');
    expect(planned.code).toBe(code);
    expect(json(planned)).toMatchObject({ error: { code: error } });
    expect({ ...planned, stderr: '' }).toEqual({ ...real, stderr: '' });
  });

  it('says what an order that is at work would be undone of, and leaves it at work', async () => {
    const environment = { ...stack.environment, SAGA_STEP_MAX_ATTEMPTS_CREATE_SHIPMENT: '1000' };
    const start = ['start', '--sample', '--country', 'XX', '--detach', '--order-id', 'stuck'];
    expect((await orders(start, environment)).code).toBe(0);
    await eventually(
      () => status('stuck'),
      ({ steps }) => steps.at(-1)?.state === 'running',
      'it ships',
    );
    const { code, stdout } = await run('cancel', 'stuck', '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toContain('Order stuck is running. Cancelling it now would undo, in this order');
    expect(stdout).toMatch(
      /1 +Cancel Shipment +no money, no stock \(if .*\n *2 +Refund Payment +refunds 59\.98 EUR\n *3 +Release Inventory +puts back 2 × SKU-KEYBOARD\n *4 +Cancel Order +no money, no stock\nNothing was changed\.\n$/,
    );
    expect(await status('stuck')).toMatchObject({ status: 'running', compensations: [] });
  });
});

describe('orders retry --all', () => {
  const retryAll = async (...flags: string[]) => {
    const result = await run('retry', '--all', '--json', '--by', 'ann', ...flags);
    return { ...result, retried: json<Retried>(result) };
  };

  it('tries nothing that nobody has confirmed, and says what it would be', async () => {
    const before = await status('out-1');
    const result = await run('retry', '--all', '--customer', 'cus_1', '--json');
    expect(result.code).toBe(1);
    expect(json(result)).toEqual({ ok: false, confirmed: false, orders: [] });
    expect(result.stderr).toContain('3 orders wait. To be tried again:');
    expect(result.stderr).toContain('2 × Refund Payment (119.96 EUR)');
    expect(result.stderr).toContain('1 × Reverse Payment (59.98 EUR)');
    const no = await orders(['retry', '--all'], stack.environment, 'no\n');
    expect(no).toMatchObject({ code: 1, stdout: expect.stringContaining('Nothing was tried again') });
    expect(await status('out-1')).toEqual(before);
  });

  it('ends with 1 while the outage lasts, and names those that still wait', async () => {
    const args = ['retry', '--all', '--step', 'refund_payment', '--customer', 'cus_1'];
    const result = await orders(args, stack.environment, 'y\n');
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/2 of 2: order out-[12] still waits with Refund Payment\n/);
    expect(result.stdout).toContain('0 of 2 orders settled');
    for (const id of ['out-1', 'out-2']) {
      expect(result.stdout).toMatch(new RegExp(`^${id} +Refund Payment +\\S`, 'm'));
      expect(attemptsOf(await status(id))).toBe(6);
    }
    expect(attemptsOf(await status('out-tcc'))).toBe(3);
  });

  it('ends each wait once, however often and by how many it is sent', async () => {
    const waiting = [await status('out-1')];
    const once = () => retryWaiting(session.orders, waiting, { by: 'bob', timeoutMs: 60_000 });
    const results = await Promise.all([once(), once(), once()]);
    results.push(await once());
    for (const [result] of results) expect(result).toMatchObject({ orderId: 'out-1', result: 'waiting' });
    expect(attemptsOf(await status('out-1'))).toBe(9);
  });

  it('settles all of them once the service is back, and does no harm when it is run again', async () => {
    await payBack('again');
    const { code, retried, stderr } = await retryAll('--yes');
    expect(code).toBe(1);
    expect(retried.ok).toBe(false);
    const of = (wanted: string) => ids(retried.orders.filter(({ result }) => result === wanted));
    expect(of('settled')).toEqual(STRUCK);
    expect(of('waiting')).toEqual([REFUSED]);
    expect(stderr).toContain('4 of 4: ');
    for (const id of STRUCK) expect(await status(id)).toMatchObject({ status: 'failed' });

    const again = await retryAll('--yes', '--customer', 'cus_1');
    expect(again).toMatchObject({ code: 0, retried: { ok: true } });
    expect(await session.audit()).toMatchObject({ ok: true, debts: [] });
  });

  it('says so when nothing waits', async () => {
    await inbox(0, { customerId: 'cus_1' });
    expect(await run('retry', '--all', '--yes', '--customer', 'cus_1')).toMatchObject({
      code: 0,
      stdout: 'No order waits for an operator\n',
    });
  });
});

describe('a decision', () => {
  const BY = 'ann@example.com';
  const REASON = 'paid back by bank transfer';

  it('is on record in the history, with who and why', async () => {
    const because = ['--by', BY, '--reason', 'the provider says so'];
    expect((await run('retry', REFUSED, ...because)).code).toBe(1);
    const skip = ['skip', REFUSED, '--step', 'refund_payment', '--by', BY, '--reason', REASON];
    expect((await run(...skip)).code).toBe(0);
    const { events } = await session.client.workflow.getHandle(orderWorkflowId(REFUSED)).fetchHistory();
    const decisions = (events ?? []).flatMap(
      ({ workflowExecutionUpdateAcceptedEventAttributes: accepted }) => {
        const input = accepted?.acceptedRequest?.input;
        const [payload] = input?.args?.payloads ?? [];
        if (payload?.data == null) return [];
        return [{ name: input?.name, ...(JSON.parse(Buffer.from(payload.data).toString()) as object) }];
      },
    );
    expect(decisions.slice(-2)).toEqual([
      { name: 'retryCompensation', by: BY, reason: 'the provider says so' },
      { name: 'skipCompensation', step: 'refund_payment', by: BY, reason: REASON },
    ]);
  });

  it('is in the trace as what was given up alone: who and why are nobody else’s business', async () => {
    const { stdout } = await eventually(
      () => run('trace', REFUSED, '--full', '--json'),
      (result) => result.stdout.includes('Compensation skipped'),
      'the event is there',
    );
    const { spans } = JSON.parse(stdout) as { spans: { events: { name: string; attributes: object }[] }[] };
    const events = spans.flatMap((span) => span.events);
    expect(events.filter(({ name }) => name === 'Compensation skipped')).toMatchObject([
      { attributes: { 'saga.step': 'refund_payment' } },
    ]);
    expect(stdout).not.toContain(BY);
    expect(stdout).not.toContain(REASON);
  });

  it('leaves a debt in the audit, with who, why and how much', async () => {
    const { ok, debts } = await session.audit();
    expect(ok).toBe(true);
    expect(debts).toEqual([
      { orderId: REFUSED, step: 'refund_payment', amount, skippedBy: BY, reason: REASON },
    ]);
    expect((await run('audit')).stdout).toContain(
      `by-hand: Refund Payment of 59.98 EUR, by ${BY}: ${REASON}`,
    );
  });
});
