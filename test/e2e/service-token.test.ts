import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OrderView } from '../../src/domain/order';
import { json, orders } from '../support/cli';
import { eventually } from '../support/eventually';
import { TestStack } from '../support/stack';
import { startParts } from '../support/stack-processes';

const TOKEN = 'the-token-of-this-test-0123456789';
const OLD = 'the-token-before-it-0123456789-ab';
const WRONG = 'a-token-of-another-system-01234567';

let stack: TestStack;
beforeAll(async () => {
  stack = await TestStack.start({ SERVICE_TOKEN: `${TOKEN},${OLD}`, SAGA_STEP_MAX_ATTEMPTS: '1000' });
});
afterAll(() => stack.stop());

const run = (token: string, ...args: string[]) =>
  orders([...args, '--json'], { ...stack.environment, SERVICE_TOKEN: token });

interface Doctor {
  readonly checks: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly detail: string;
    readonly remedy?: string;
  }[];
}
const servicesIn = (doctor: Doctor) => doctor.checks.filter(({ name }) => name.endsWith('service'));

describe('with SERVICE_TOKEN', () => {
  it.each([TOKEN, OLD])('orders are placed, completed and audited by who has %s', async (token) => {
    expect(json<OrderView>(await run(token, 'start', '--sample')).status).toBe('completed');
    expect(json(await run(token, 'audit'))).toMatchObject({ ok: true });
    const doctor = await run(token, 'doctor');
    expect(servicesIn(json<Doctor>(doctor)).map(({ ok }) => ok)).toEqual([true, true, true, true]);
  });

  it('the gateway places orders', async () => {
    const response = await fetch(`http://127.0.0.1:${String(stack.config.gateway.port)}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        customerId: 'cus_1',
        items: [{ sku: 'SKU-KEYBOARD', quantity: 1 }],
        payment: { method: 'pm_card_visa' },
        shippingAddress: { name: 'A', line1: '1', city: 'B', postalCode: '1', country: 'DE' },
      }),
    });
    expect(response.status).toBe(201);
  });

  it('whoever has another token is told so, with the remedy', async () => {
    for (const command of [['start', '--sample'], ['audit']]) {
      const result = await run(WRONG, ...command);
      expect(result.code).toBe(3);
      expect(json(result)).toMatchObject({
        error: {
          code: 'service_unreachable',
          message: expect.stringMatching(/refuses SERVICE_TOKEN.*Set SERVICE_TOKEN/),
        },
      });
    }
  });

  it.each([
    ['another one', WRONG, 'refuses our SERVICE_TOKEN'],
    ['none', '', 'refuses calls without SERVICE_TOKEN'],
  ])('orders doctor says that the services refuse %s', async (_, token, detail) => {
    const result = await run(token, 'doctor');
    expect(result.code).toBe(3);
    const checks = servicesIn(json<Doctor>(result));
    expect(checks).toHaveLength(4);
    for (const check of checks) {
      expect(check).toMatchObject({
        ok: false,
        detail: expect.stringContaining(detail),
        remedy: expect.stringContaining('Set SERVICE_TOKEN'),
      });
    }
  });

  it('orders doctor says that a service takes calls without the token', async () => {
    const open = await TestStack.start({}, ['shipping']);
    try {
      const result = await orders(['doctor', '--json'], { ...open.environment, SERVICE_TOKEN: TOKEN });
      const shipping = servicesIn(json<Doctor>(result)).find(({ name }) => name === 'shipping service');
      expect(shipping).toMatchObject({ ok: false, detail: expect.stringContaining('without a token') });
    } finally {
      await open.stop();
    }
  });

  it('an order waits for a worker whose token is accepted, and is not undone meanwhile', async () => {
    await stack.stopPart('worker');
    const [stranger] = await startParts(stack, ['worker'], { SERVICE_TOKEN: WRONG });
    try {
      const placed = await run(TOKEN, 'start', '--sample', '--order-id', 'waits', '--detach');
      expect(placed.code).toBe(0);
      await eventually(
        () => attemptsOf('order-waits'),
        (attempts) => attempts > 3,
        'the first step is tried again and again',
      );
    } finally {
      await stranger!.dispose();
    }
    await stack.startPart('worker');
    const view = await eventually(
      async () => json<OrderView>(await run(TOKEN, 'status', 'waits')),
      ({ status }) => status === 'completed',
      'the order completes',
    );
    expect(view.compensations).toEqual([]);
  });
});

/** Of the step that the order is at. */
async function attemptsOf(workflowId: string): Promise<number> {
  const { client, close } = await stack.openOrders();
  try {
    const { raw } = await client.workflow.getHandle(workflowId).describe();
    return raw.pendingActivities?.[0]?.attempt ?? 0;
  } finally {
    await close();
  }
}
