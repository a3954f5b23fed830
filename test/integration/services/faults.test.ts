import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../../src/config/config';
import type { Orders } from '../../../src/orders/open-orders';
import type { ServiceName } from '../../../src/config/config';
import { sampleOrder } from '../../support/orders';
import { TestStack } from '../../support/stack';

const KINDS = ['fail', 'lose_reply', 'late', 'duplicate', 'reorder'] as const;
/** Longer than an attempt. */
const TOO_LATE_MS = 1_500;
const STEPS: readonly (readonly [ServiceName, string])[] = [
  ['order', 'POST /orders'],
  ['inventory', 'POST /reservations'],
  ['payment', 'POST /payments'],
  ['shipping', 'POST /shipments'],
];

let stack: TestStack;
let session: Orders;
beforeAll(async () => {
  stack = await TestStack.start(
    {
      FAULTS: 'on',
      SAGA_STEP_TIMEOUT_MS: '1000',
      SAGA_STEP_MAX_ATTEMPTS: '20',
      SAGA_STEP_MAX_ATTEMPTS_PROCESS_PAYMENT: '3',
      SAGA_COMPENSATION_TIMEOUT_MS: '1000',
      SAGA_COMPENSATION_MAX_ATTEMPTS: '20',
    },
    ['order', 'inventory', 'payment', 'shipping', 'worker'],
  );
  session = await stack.openOrders();
});
afterAll(async () => {
  await session.close();
  await stack.stop();
});

async function ask(service: ServiceName, method: string, body?: object) {
  const response = await fetch(`${stack.config.services[service].url}/faults`, {
    method,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function outcomeOf(changes: Parameters<typeof sampleOrder>[0] = {}) {
  const { orderId } = await session.orders.start(sampleOrder(changes));
  const view = await session.orders.waitForOutcome(orderId, { timeoutMs: 60_000 });
  const { violations } = await session.audit();
  return { status: view?.status, steps: view?.steps, compensations: view?.compensations, violations };
}

describe('a service that is told to misbehave', () => {
  it.each(STEPS.flatMap(([service, operation]) => KINDS.map((kind) => [kind, service, operation] as const)))(
    '%s: the order completes in spite of what the %s service does with %s, and once only',
    async (kind, service, operation) => {
      await ask(service, 'PUT', { faults: [{ operation, kind, delayMs: TOO_LATE_MS }] });
      const { status, steps, violations } = await outcomeOf();
      expect({ status, violations }).toEqual({ status: 'completed', violations: [] });
      // It has happened.
      expect((await ask(service, 'GET')).body).toEqual({ faults: [] });
      const attempts = steps!.reduce((most, step) => Math.max(most, step.attempts), 0);
      expect(attempts).toBeGreaterThanOrEqual(kind === 'duplicate' ? 1 : 2);
    },
  );

  it.each(KINDS)('%s: the order is undone in spite of what becomes of its refund', async (kind) => {
    await ask('payment', 'PUT', {
      faults: [{ operation: 'POST /refunds', kind, delayMs: TOO_LATE_MS }],
    });
    const { shippingAddress } = sampleOrder();
    const { status, violations } = await outcomeOf({
      shippingAddress: { ...shippingAddress, country: 'AQ' },
    });
    expect({ status, violations }).toEqual({ status: 'failed', violations: [] });
    expect((await ask('payment', 'GET')).body).toEqual({ faults: [] });
  });

  it('undoes a charge that comes after its refund: it is refused', async () => {
    await ask('payment', 'PUT', {
      faults: [{ operation: 'POST /payments', kind: 'reorder', times: 3, delayMs: 2_500 }],
    });
    const { status, violations } = await outcomeOf();
    expect({ status, violations }).toEqual({ status: 'failed', violations: [] });
  });

  it('is told once for as many requests as it says', async () => {
    const fault = { operation: 'POST /payments', kind: 'fail', times: 2, delayMs: 1_000 };
    expect(await ask('payment', 'PUT', { faults: [fault] })).toEqual({
      status: 200,
      body: { faults: [fault] },
    });
    const { steps } = await outcomeOf();
    expect(steps?.find(({ step }) => step === 'process_payment')?.attempts).toBe(3);
  });

  it('says what it cannot be told', async () => {
    const { status, body } = await ask('payment', 'PUT', {
      faults: [{ operation: 'POST /payment', kind: 'fail' }],
    });
    expect([status, body['code']]).toEqual([400, 'invalid_request']);
    expect(JSON.stringify(body['errors'])).toContain('faults[0].operation');
    expect(JSON.stringify(body['errors'])).toContain('POST /payments');
    expect(
      await ask('payment', 'PUT', { faults: [{ operation: 'POST /payments', kind: 'explode' }] }),
    ).toMatchObject({ status: 400, body: { errors: [{ field: 'faults[0].kind' }] } });
  });
});

describe('where nobody has switched faults on', () => {
  it('there is nothing to tell', async () => {
    const plain = await TestStack.start({}, ['shipping']);
    try {
      const response = await fetch(`${plain.config.services.shipping.url}/faults`);
      expect(response.status).toBe(404);
    } finally {
      await plain.stop();
    }
  });

  it('and in production nobody can', () => {
    expect(() => loadConfig({ FAULTS: 'on', NODE_ENV: 'production' })).toThrow(
      'FAULTS=on: not in production (NODE_ENV=production)',
    );
    expect(loadConfig({ NODE_ENV: 'production' }).faults).toBe(false);
  });
});
