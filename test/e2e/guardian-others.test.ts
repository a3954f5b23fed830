import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from '@temporalio/client';
import { loadConfig } from '../../src/config/config';
import { orderWorkflowId } from '../../src/domain/ids';
import { readBooks, readOrderPage } from '../../src/orders/audit/books';
import { bookSources } from '../../src/orders/open-orders';
import { noTracer } from '../../src/cli/session';
import { OrderNotFoundError } from '../../src/orders/errors';
import { lostOrders } from '../../src/guardian/lost-orders';
import { settle } from '../../src/guardian/settle';
import { GUARDIAN_SCHEDULE_ID, scheduleGuardian } from '../../src/guardian/schedule';
import type { StoredSpan } from '../../src/telemetry/stored-span';
import { dataConverterOf } from '../../src/temporal/data-converter';
import { lintTrace } from '../../src/traces/lint-trace';
import type { GuardianReport } from '../../src/workflows/definitions';
import { ORDER_WORKFLOW_TYPES } from '../../src/workflows/definitions';
import { orders as cli } from '../support/cli';
import { eventually } from '../support/eventually';
import { GuardedOrders, NO_CARRIER } from '../support/guarded-orders';
import { sampleOrder } from '../support/orders';
import { newPayloadKeys } from '../support/payload-keys';
import { startParts } from '../support/stack-processes';
import type { TsProcess } from '../support/ts-process';

let guarded: GuardedOrders;
beforeAll(async () => {
  guarded = await GuardedOrders.start();
});
afterAll(() => guarded.stop());

/** Orders that the books, and Temporal, call lost. */
async function lostWithin(retentionMs: number): Promise<string[]> {
  const { config } = guarded.stack;
  const sources = bookSources(config, noTracer());
  const { client } = guarded.opened;
  const deps = { client, sources, policies: config.policies, graceMs: config.guardian.graceMs, retentionMs };
  const { candidates } = await lostOrders(undefined, deps);
  const found = await Promise.all(candidates.map(({ find }) => find()));
  return found.flatMap((settlement) => settlement?.input.order.orderId ?? []);
}

describe('an order whose workflow is lost', () => {
  it.each(['saga', 'tcc'] as const)('is undone: %s', async (kind) => {
    const orderId = `ord_${randomUUID()}`;
    const struck = guarded.strike({ service: 'shipping', route: '/shipments', moment: 'call' }, () =>
      guarded.forget(orderId),
    );
    await guarded.place({ orderId, transaction: kind });
    await struck;
    const view = await guarded.settled(orderId);
    expect(view).toMatchObject({
      status: 'failed',
      transaction: kind,
      settlement: { abandoned: 'lost' },
      items: sampleOrder().items,
      amount: { value: 5998, currency: 'EUR' },
    });
    await guarded.expectCleanAudit();
    await guarded.expectWholeTrace(view);
  });

  it('is undone when nothing but its effects was ever there', async () => {
    const orderId = `ord_${randomUUID()}`;
    for (const step of ['create_order', 'try_inventory', 'try_payment', 'confirm_payment']) {
      expect((await guarded.request(orderId, step)).ok).toBe(true);
    }
    expect((await guarded.settled(orderId)).status).toBe('failed');
    await guarded.expectCleanAudit();
    const { stock, money } = await guarded.opened.audit();
    expect(stock.reduce((sum, { reserved }) => sum + reserved, 0)).toBe(0);
    expect([money.held, money.captured]).toEqual([0, 0]);
  });

  it('stays as it is when its books are those of a completed order', async () => {
    const orderId = `ord_${randomUUID()}`;
    for (const step of ['create_order', 'reserve_inventory', 'process_payment', 'create_shipment']) {
      expect((await guarded.request(orderId, step)).status).toBe(201);
    }
    await guarded.untilOld(orderId);
    expect(await guarded.look()).toEqual({ settled: 0, failed: 0 });
    await expect(guarded.orders.summary(orderId)).rejects.toThrow(OrderNotFoundError);
    await guarded.expectCleanAudit();
  });
});

describe('an order that is not abandoned', () => {
  it.each(['completed', 'parked'])('is not settled, whoever tries to: %s', async (state) => {
    const method = state === 'parked' ? 'pm_card_refund_fails' : 'pm_card_visa';
    const address = state === 'parked' ? { shippingAddress: NO_CARRIER } : {};
    const orderId = await guarded.place({ payment: { method }, ...address });
    const { customerId, items, amount, transaction } = await guarded.outcome(orderId);
    const input = {
      order: { orderId, customerId, items, transaction },
      amount,
      policies: guarded.stack.config.policies,
      settlement: { abandoned: 'terminated' as const },
      steps: [],
      completed: false,
    };
    const deps = { client: guarded.opened.client, tracer: noTracer() };
    expect(await settle({ input, memo: {}, headers: {} }, deps)).toBe(false);
    await guarded.expectRuns(orderId, 1);
    if (state === 'completed') return;
    await guarded.orders.skipCompensation(orderId, { by: 'ann', step: 'refund_payment', reason: 'test' });
  });

  it('is left alone: at work, parked, completed', async () => {
    const completed = await guarded.place();
    const method = 'pm_card_refund_fails';
    const parked = await guarded.place({ payment: { method }, shippingAddress: NO_CARRIER });
    for (const orderId of [completed, parked]) await guarded.outcome(orderId);
    const atWork = `ord_${randomUUID()}`;
    let report: GuardianReport | undefined;
    const struck = guarded.strike({ service: 'payment', route: '/payments', moment: 'call' }, async () => {
      await guarded.untilOld(atWork);
      expect(await lostWithin(3_600_000)).not.toContain(atWork);
      report = await guarded.look();
    });
    await guarded.place({ orderId: atWork });
    await struck;
    expect(report).toEqual({ settled: 0, failed: 0 });
    expect((await guarded.outcome(atWork)).status).toBe('completed');
    for (const orderId of [completed, parked, atWork]) await guarded.expectRuns(orderId, 1);
    await guarded.orders.skipCompensation(parked, { by: 'ann', step: 'refund_payment', reason: 'test' });
  });
});

describe('an order that cannot be read', () => {
  it('keeps the guardian from no other: neither while it runs nor once it is interrupted', async () => {
    const orderId = `ord_${randomUUID()}`;
    const workflowId = orderWorkflowId(orderId);
    const { connection, options, workflow } = guarded.opened.client;
    const dataConverter = dataConverterOf(loadConfig({ PAYLOAD_KEYS: newPayloadKeys('unknown') }));
    const stranger = new Client({ connection, namespace: options.namespace, dataConverter });
    await stranger.workflow.start(ORDER_WORKFLOW_TYPES.saga, {
      workflowId,
      taskQueue: 'nobody',
      memo: { fingerprint: 'secret' },
    });
    await expect(workflow.getHandle(workflowId).describe()).rejects.toThrow('PAYLOAD_KEYS');
    expect((await guarded.request(orderId, 'create_order')).ok).toBe(true);
    await guarded.untilOld(orderId);
    expect(await lostWithin(3_600_000)).not.toContain(orderId);
    expect(await guarded.look()).toEqual({ settled: 0, failed: 0 });

    await guarded.terminate(orderId);
    await eventually(
      () => guarded.look(),
      ({ failed }) => failed === 1,
      'the guardian reports it',
    );
    const readable = await guarded.terminatedAt({
      kind: 'saga',
      service: 'payment',
      route: '/payments',
      moment: 'call',
    });
    expect((await guarded.settled(readable)).status).toBe('failed');
    const lost = `ord_${randomUUID()}`;
    expect((await guarded.request(lost, 'create_order')).ok).toBe(true);
    expect((await guarded.settled(lost)).settlement).toMatchObject({ abandoned: 'lost' });

    await guarded.forget(orderId);
    expect((await guarded.settled(orderId)).status).toBe('failed');
    await guarded.expectCleanAudit();
  });
});

describe('the trace of an order that was settled', () => {
  const shown = async (...args: string[]) => {
    const { code, stdout, stderr } = await cli(args, guarded.stack.environment);
    return { code, text: stdout + stderr };
  };

  it('is checked in both of its runs, and the order’s page in the terminal tells of both', async () => {
    const orderId = await guarded.terminatedAt({
      kind: 'tcc',
      service: 'shipping',
      route: '/shipments',
      moment: 'call',
    });
    const view = await guarded.settled(orderId);
    await guarded.expectWholeTrace(view);
    const spans = guarded.spansOf(view);
    const breaches = (without: (span: StoredSpan) => boolean, change: (span: StoredSpan) => StoredSpan) =>
      lintTrace(spans.filter((span) => !without(span)).map(change), view).map(({ rule }) => rule);
    const none = () => false;
    const named =
      (name: string) =>
      (span: StoredSpan): boolean =>
        span.name === name;
    const same = (span: StoredSpan) => span;
    expect(breaches(named('Compensation: Reverse Payment'), same)).toContain('missing');
    expect(breaches(named('Saga: Settle Order'), same)).toContain('missing');
    expect(breaches(named('Saga: Create Order'), same)).toContain('missing');
    expect(breaches(named('RunActivity:createOrder'), same)).toContain('attempts');
    expect(breaches(none, (span) => ({ ...span, links: [] }))).toContain('compensation_link');
    const isStep = named('Step: Create Shipment');
    expect(breaches(none, (span) => (isStep(span) ? { ...span, status: { code: 'OK' } } : span))).toEqual([]);
    const isSaga = named('Saga: Create Order');
    expect(breaches(none, (span) => (isSaga(span) ? { ...span, status: { code: 'OK' } } : span))).toContain(
      'status',
    );

    expect(await shown('trace', orderId, '--lint')).toMatchObject({ code: 0 });
    expect((await shown('status', orderId)).text).toMatch(
      /Guardian +The workflow was terminated \(.*\); the guardian took over at/,
    );
    expect((await shown('list')).text).toMatch(/failed \(terminated, guardian 2/);
    expect(await shown('trace', orderId, '--repair', '--lint')).toMatchObject({
      code: 0,
      text: expect.stringContaining('Nothing was missing'),
    });
  });
});

describe('the books of some orders', () => {
  it('are those of all four services, of these orders alone, and as old as asked for', async () => {
    const wanted = [await guarded.place(), await guarded.place({ transaction: 'tcc' })];
    for (const orderId of wanted) await guarded.outcome(orderId);
    const sources = bookSources(guarded.stack.config, noTracer());
    const { effects } = await readBooks(sources, wanted);
    expect([...effects.keys()].sort()).toEqual(wanted.toSorted());
    for (const own of effects.values()) {
      expect(Object.values<readonly unknown[]>({ ...own }).map(({ length }) => length)).toEqual([1, 1, 1, 1]);
    }
    const known = async (unchangedForMs: number, changedWithinMs: number) => {
      const query = { cursor: undefined, limit: 1000, unchangedForMs, changedWithinMs };
      const { orderIds } = await readOrderPage(sources.order, query);
      return wanted.filter((orderId) => orderIds.includes(orderId)).length;
    };
    expect(await known(0, 3_600_000)).toBe(2);
    expect(await known(3_600_000, 7_200_000)).toBe(0);
    await guarded.untilOld(wanted[1]!);
    expect(await known(0, 100)).toBe(0);
  });
});

describe('the schedule of the guardian', () => {
  it('is one, is as the last worker wants it, and is none when that wants none', async () => {
    const { client } = guarded.opened;
    const every = async () =>
      (await client.schedule.getHandle(GUARDIAN_SCHEDULE_ID).describe()).spec.intervals?.map(
        (one) => one.every,
      );
    expect(await every()).toEqual([1000]);
    await scheduleGuardian(client, 5_000);
    expect(await every()).toEqual([5000]);
    await scheduleGuardian(client, 0);
    await expect(every()).rejects.toThrow('schedule');
    await scheduleGuardian(client, 0);
    // While nobody looks: what has not changed for as long as Temporal remembers is nobody's to call lost.
    const orderId = `ord_${randomUUID()}`;
    expect((await guarded.request(orderId, 'create_order')).ok).toBe(true);
    await guarded.untilOld(orderId);
    expect(await lostWithin(60_100)).not.toContain(orderId);
    expect(await lostWithin(3_600_000)).toContain(orderId);
    await scheduleGuardian(client, 1_000);
    expect((await guarded.settled(orderId)).status).toBe('failed');
    expect(await every()).toEqual([1000]);
  });
});

describe('a worker that is killed', () => {
  let worker: TsProcess | undefined;
  const startWorker = async () => {
    [worker] = await startParts(guarded.stack, ['worker']);
  };
  beforeAll(() => guarded.stack.stopPart('worker'));
  afterEach(async () => {
    await worker?.dispose();
  });

  it.each(['saga', 'tcc'] as const)(
    'in the middle of settling: everything is undone once, %s',
    async (kind) => {
      await startWorker();
      const route = kind === 'saga' ? '/refunds' : '/reversals';
      const killed = guarded.strike({ service: 'payment', route, moment: 'effect' }, async () => {
        worker?.signal('SIGKILL');
        expect(await worker?.ended).toBe('SIGKILL');
      });
      const orderId = await guarded.terminatedAt({
        kind,
        service: 'shipping',
        route: '/shipments',
        moment: 'call',
      });
      await killed;
      await startWorker();
      const view = await guarded.settled(orderId);
      expect(view.status).toBe('failed');
      expect(view.compensations.every(({ state }) => state === 'done')).toBe(true);
      await guarded.expectCleanAudit();
      await guarded.expectWholeTrace(view);
      await guarded.expectRuns(orderId, 2);
    },
  );
});
