import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'libsql';
import { orderWorkflowId } from '../../src/domain/ids';
import type { OrderView } from '../../src/domain/order';
import { traceDatabasePath } from '../../src/telemetry/trace-database';
import { json, orders } from '../support/cli';
import { eventually } from '../support/eventually';
import { TestStack } from '../support/stack';

interface TraceDocument {
  readonly complete: boolean;
  readonly spans: readonly { readonly name: string; readonly running?: true }[];
}

let stack: TestStack;
beforeAll(async () => {
  // Nothing is repaired here unless the command does it.
  stack = await TestStack.start({ TRACE_SWEEP_INTERVAL_MS: '0' });
});
afterAll(() => stack.stop());

const run = (...args: string[]) => orders(args, stack.environment);

function lose(traceId: string, nameLike: string): void {
  const database = new Database(traceDatabasePath(stack.config));
  database
    .prepare(`delete from spans where trace_id = ? and json_extract(span, '$.name') like ?`)
    .run(traceId, nameLike);
  database.close();
}

describe('orders trace --repair', () => {
  it('says what was missing and writes it, once', async () => {
    const order = json<OrderView & Record<string, unknown>>(
      await run('start', '--sample', '--payment', 'pm_card_declined', '--json'),
    );
    expect((await run('trace', order.orderId, '--lint')).code).toBe(0);
    lose(order.traceId, 'Compensation: %');
    const broken = await run('trace', order.orderId, '--lint');
    expect(broken.code).toBe(1);
    expect(broken.stdout).toContain('parent_present');

    const repaired = await run('trace', order.orderId, '--repair', '--lint');
    expect(repaired.stderr).toMatch(/Written: .*Compensation: Release Inventory/);
    expect(repaired.code).toBe(0);
    const again = await run('trace', order.orderId, '--repair', '--json');
    expect(again.stderr).toContain('Nothing was missing');
    expect(json<TraceDocument & Record<string, unknown>>(again).complete).toBe(true);
  });

  it('closes the trace of an order that was terminated', async () => {
    const parked = ['--payment', 'pm_card_refund_fails', '--country', 'AQ', '--order-id', 'cut-off'];
    expect((await run('start', '--sample', ...parked, '--json')).code).toBe(1);
    await eventually(
      async () => json<TraceDocument & Record<string, unknown>>(await run('trace', 'cut-off', '--json')),
      ({ complete, spans }) => complete && spans.some(({ running }) => running),
      'the parked order is in sight',
    );
    const { client, close } = await stack.openOrders();
    await client.workflow.getHandle(orderWorkflowId('cut-off')).terminate('by a test');
    await close();

    const open = await run('trace', 'cut-off', '--lint');
    expect(open.code).toBe(1);
    expect(open.stdout).toContain('running');
    const repaired = await run('trace', 'cut-off', '--repair');
    expect(repaired.code).toBe(0);
    expect(repaired.stdout).toMatch(/Saga: Create Order +ERROR .*Workflow terminated/);
    expect((await run('trace', 'cut-off', '--lint')).code).toBe(0);
  });

  it('refuses an order that it does not know, and loses nothing', async () => {
    const unknown = await run('trace', 'no-such-order', '--repair');
    expect(unknown.code).toBe(4);
    expect(unknown.stderr).toContain('no-such-order');
  });
});
