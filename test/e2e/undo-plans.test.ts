import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runCli } from '../../src/cli/run';
import { orderWorkflowId } from '../../src/domain/ids';
import type { TransactionKind } from '../../src/domain/order';
import type { StepName } from '../../src/domain/steps';
import { STEPS_OF } from '../../src/domain/steps';
import type { AuditReport } from '../../src/orders/audit/report';
import type { Orders } from '../../src/orders/open-orders';
import type { CancelPlan, PlannedUndo } from '../../src/orders/undo-plan';
import { AmbushProxy } from '../support/ambush-proxy';
import type { Moment } from '../support/ambush-proxy';
import { sampleOrder } from '../support/orders';
import { TestStack } from '../support/stack';
import { captureIo } from '../unit/cli/capture';

const SERVICES = ['order', 'inventory', 'payment', 'shipping'] as const;
type Service = (typeof SERVICES)[number];

let stack: TestStack;
let session: Orders;
const proxies = {} as Record<Service, AmbushProxy>;

beforeAll(async () => {
  const urls: Record<string, string> = {};
  for (const name of SERVICES) {
    proxies[name] = await AmbushProxy.start();
    urls[`${name.toUpperCase()}_SERVICE_URL`] = proxies[name].url;
  }
  // Longer than a dry run takes, which comes while a step waits for its answer.
  stack = await TestStack.start({ ...urls, SAGA_STEP_TIMEOUT_MS: '60000' }, [...SERVICES, 'worker']);
  for (const name of SERVICES) {
    proxies[name].target = `http://127.0.0.1:${String(stack.config.services[name].port)}`;
  }
  session = await stack.openOrders();
});
afterAll(async () => {
  await session.close();
  await stack.stop();
  await Promise.all(Object.values(proxies).map((proxy) => proxy.stop()));
});

function serviceOf(step: StepName): Service {
  if (step === 'create_order') return 'order';
  if (step === 'create_shipment') return 'shipping';
  return step.endsWith('inventory') ? 'inventory' : 'payment';
}

async function dryRun(orderId: string): Promise<CancelPlan> {
  const io = captureIo({ env: stack.environment });
  const code = await runCli(['cancel', orderId, '--dry-run', '--json'], io);
  expect({ code, err: io.err() }).toEqual({ code: 0, err: '' });
  return JSON.parse(io.out()) as CancelPlan;
}

/** How often the order has been asked for anything: a cancel shows in its view only once the step has answered. */
async function signalsOf(orderId: string): Promise<number> {
  const { events } = await session.client.workflow.getHandle(orderWorkflowId(orderId)).fetchHistory();
  return (events ?? []).filter((event) => event.workflowExecutionSignaledEventAttributes != null).length;
}

/** What the plan says, in the books' own words. */
function movesOf(undos: readonly PlannedUndo[]) {
  const moves = { refunded: 0, released: 0, sold: 0, reserved: 0 };
  for (const { money, stock } of undos) {
    if (money?.from === 'captured') moves.refunded += money.value;
    if (money?.from === 'held') moves.released += money.value;
    for (const { quantity } of stock?.items ?? []) moves[stock?.from ?? 'sold'] += quantity;
  }
  return moves;
}

function keyboards({ stock }: AuditReport) {
  const row = stock.find(({ sku }) => sku === 'SKU-KEYBOARD');
  if (row === undefined) throw new Error('no such SKU');
  return row;
}

/** What was given back between two audits. */
function moved(before: AuditReport, after: AuditReport) {
  return {
    refunded: after.money.refunded - before.money.refunded,
    released: before.money.held - after.money.held,
    sold: keyboards(before).sold - keyboards(after).sold,
    reserved: keyboards(before).reserved - keyboards(after).reserved,
  };
}

/** At `moment` of the step's request: the plan, and the books; then the order is cancelled. */
async function cancelledAt(transaction: TransactionKind, step: StepName, moment: Moment) {
  const orderId = `ord_${randomUUID()}`;
  const key = `${orderWorkflowId(orderId)}/${step}`;
  let seen: { plan: CancelPlan; books: AuditReport } | undefined;
  const struck = proxies[serviceOf(step)].strikeOnce(
    (request) => request.key === key,
    moment,
    async () => {
      const before = await session.orders.get(orderId);
      const plan = await dryRun(orderId);
      expect(await session.orders.get(orderId)).toEqual(before);
      expect(await signalsOf(orderId)).toBe(0);
      seen = { plan, books: await session.audit() };
      await session.orders.cancel(orderId, { by: 'ann' });
      return moment === 'call' ? 'is lost' : 'goes on';
    },
  );
  await session.orders.start(sampleOrder({ orderId, transaction }));
  await struck;
  const order = await session.orders.waitForOutcome(orderId, { timeoutMs: 60_000 });
  if (seen === undefined || order === undefined) throw new Error('the order was not struck, or not ended');
  return { ...seen, order, after: await session.audit() };
}

const CELLS = (['saga', 'tcc'] as const).flatMap((transaction) =>
  STEPS_OF[transaction].flatMap(({ name }) =>
    (['call', 'effect'] as const).map((moment) => [transaction, name, moment] as const),
  ),
);

describe('orders cancel --dry-run', () => {
  it.each(CELLS)('says what a cancel then does: %s, at %s, %s', async (transaction, step, moment) => {
    const { plan, books, order, after } = await cancelledAt(transaction, step, moment);
    expect(plan).toMatchObject({ dryRun: true, status: 'running', effect: 'undo', ends: order.status });
    expect(order.compensations.map((one) => [one.step, one.undoes, one.state])).toEqual(
      plan.undo.map((one) => [one.step, one.undoes, 'done']),
    );
    for (const finished of plan.finishFirst) {
      expect(order.steps.find((one) => one.step === finished)?.state).toBe('done');
    }

    // What was lost before its effect moves nothing; the plan had said that nobody knows.
    const real = plan.undo.filter(
      ({ certain, undoes }) => certain || moment === 'effect' || plan.finishFirst.includes(undoes),
    );
    const said = movesOf(real);
    const given = moved(books, after);
    if (plan.finishFirst.length === 0) expect(given).toEqual(said);
    // What was on hold then is taken first, and given back after that.
    expect(given.refunded).toBe(said.refunded);
    expect(keyboards(after).free - keyboards(books).free).toBe(said.sold + said.reserved);
    expect(after).toMatchObject({ ok: true, money: { held: 0, captured: 0 } });
  });
});
