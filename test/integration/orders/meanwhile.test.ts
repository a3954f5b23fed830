import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from '@temporalio/client';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import { orderWorkflowId } from '../../../src/domain/ids';
import {
  OperatorActionRefusedError,
  OrderInterruptedError,
  OrderNotFoundError,
  PastCancellingError,
} from '../../../src/orders/errors';
import type { Orders } from '../../../src/orders/open-orders';
import { serviceSource } from '../../../src/orders/open-orders';
import { OrderClient } from '../../../src/orders/order-client';
import { noTracer } from '../../../src/cli/session';
import { eventually } from '../../support/eventually';
import { sampleOrder } from '../../support/orders';
import { TestStack } from '../../support/stack';

const STEP = 'refund_payment';
const SKIP = { step: STEP, by: 'ada', reason: 'paid by hand' } as const;

let stack: TestStack;
let session: Orders;
beforeAll(async () => {
  stack = await TestStack.start();
  session = await stack.openOrders();
});
afterAll(async () => {
  await session.close();
  await stack.stop();
});

/** The id of an order that waits for somebody to settle its refund. */
async function parkedOrder(): Promise<string> {
  const { orderId, shippingAddress } = sampleOrder();
  await session.orders.start(
    sampleOrder({
      orderId,
      payment: { method: 'pm_card_refund_fails' },
      shippingAddress: { ...shippingAddress, country: 'AQ' },
    }),
  );
  const order = await session.orders.waitForOutcome(orderId, { timeoutMs: 60_000 });
  expect(order?.status).toBe('needs_attention');
  return orderId;
}

/** A client for which `meanwhile` happens after it has looked at the order, and before its request is out. */
function clientThatIsLate(
  meanwhile: () => Promise<unknown>,
  looks: Pick<WorkflowClientInterceptor, 'describe'> = {},
): OrderClient {
  const { client, temporal } = session;
  const interceptor: WorkflowClientInterceptor = {
    startUpdate: async (input, next) => {
      await meanwhile();
      return next(input);
    },
    signal: async (input, next) => {
      await meanwhile();
      return next(input);
    },
    ...looks,
  };
  return new OrderClient({
    client: new Client({
      connection: client.connection,
      namespace: temporal.namespace,
      interceptors: { workflow: [interceptor] },
    }),
    inventory: serviceSource(stack.config, 'inventory', noTracer()),
    policies: stack.config.policies,
    requestTimeoutMs: 60_000,
  });
}

const workflowOf = (orderId: string) => session.client.workflow.getHandle(orderWorkflowId(orderId));

describe('an action on an order that ends before it arrives', () => {
  const endBy = async (orderId: string, actionId: string) => {
    await session.orders.skipCompensation(orderId, SKIP, { actionId });
    await workflowOf(orderId).result();
  };

  it('is answered as the same action was that the order has ended by', async () => {
    const orderId = await parkedOrder();
    const late = clientThatIsLate(() => endBy(orderId, 'one'));
    const answer = await late.skipCompensation(orderId, SKIP, { actionId: 'one' });
    expect(answer).toMatchObject({ orderId, compensations: [{ step: STEP, state: 'skipped' }, {}, {}] });
  });

  it.each([['another'], [undefined]])('is refused when its id is %s', async (actionId) => {
    const orderId = await parkedOrder();
    const late = clientThatIsLate(() => endBy(orderId, 'one'));
    const skipped = late.skipCompensation(orderId, SKIP, { ...(actionId !== undefined && { actionId }) });
    await expect(skipped).rejects.toBeInstanceOf(OperatorActionRefusedError);
    await expect(skipped).rejects.toThrow('it is failed');
  });

  it('says that it was interrupted, if that is how it ended', async () => {
    const orderId = await parkedOrder();
    const late = clientThatIsLate(() => workflowOf(orderId).terminate('test'));
    await expect(late.retryCompensation(orderId, { by: 'ada' })).rejects.toBeInstanceOf(
      OrderInterruptedError,
    );
  });
});

describe('a cancel that comes too late', () => {
  it('is told what the order has come to by then', async () => {
    const { orderId } = await session.orders.start(sampleOrder());
    const late = clientThatIsLate(() => workflowOf(orderId).result());
    const cancelled = late.cancel(orderId, { by: 'ada' });
    await expect(cancelled).rejects.toBeInstanceOf(PastCancellingError);
    await expect(cancelled).rejects.toMatchObject({ status: 'completed' });
  });

  it('is told that the order was interrupted', async () => {
    const orderId = await parkedOrder();
    await workflowOf(orderId).terminate('test');
    await expect(session.orders.cancel(orderId, { by: 'ada' })).rejects.toBeInstanceOf(OrderInterruptedError);
  });

  it.each([
    ['of nobody', 'nobody'],
    ['longer than any', 'x'.repeat(2_000)],
    ['empty', ''],
  ])('finds no order when its id is %s', async (_what, orderId) => {
    await expect(session.orders.cancel(orderId, { by: 'ada' })).rejects.toBeInstanceOf(OrderNotFoundError);
  });
});

describe('the list of what waits for an operator', () => {
  it('goes without an order that is interrupted while it is read', async () => {
    const [interrupted, waiting] = [await parkedOrder(), await parkedOrder()];
    const listed = async () => (await session.orders.waiting()).orders.map(({ orderId }) => orderId);
    await eventually(
      listed,
      (ids) => [interrupted, waiting].every((id) => ids.includes(id)),
      'both are listed',
    );
    const late = clientThatIsLate(() => Promise.resolve(), {
      describe: async (input, next) => {
        const { workflowId } = input.workflowExecution;
        if (workflowId === orderWorkflowId(interrupted)) await workflowOf(interrupted).terminate('test');
        return next(input);
      },
    });
    const ids = (await late.waiting()).orders.map(({ orderId }) => orderId);
    expect(ids).toContain(waiting);
    expect(ids).not.toContain(interrupted);
  });
});
