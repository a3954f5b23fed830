import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { OrderView } from '../../../src/domain/order';
import {
  NoWorkerError,
  OperatorActionRefusedError,
  OrderInterruptedError,
  OrderNotFoundError,
} from '../../../src/orders/errors';
import type { OrderClient } from '../../../src/orders/order-client';
import { retryWaiting } from '../../../src/orders/retry-waiting';
import { PARKED } from '../cli/views';

const parked = (orderId: string, attempts = 3): OrderView => ({
  ...PARKED,
  orderId,
  compensations: PARKED.compensations.map((one) => ({ ...one, attempts })),
});

interface Sent {
  readonly orderId: string;
  readonly request: object;
  readonly actionId: string | undefined;
}

/** Orders of which `retry` and `outcome` say what becomes. */
function clientOf(behaviour: {
  retry?: (orderId: string) => Promise<OrderView>;
  outcome?: (orderId: string) => Promise<OrderView | undefined>;
}) {
  const sent: Sent[] = [];
  const client: Pick<OrderClient, 'retryCompensation' | 'waitForOutcome'> = {
    retryCompensation: (orderId, request, options) => {
      sent.push({ orderId, request, actionId: options?.actionId });
      return behaviour.retry?.(orderId) ?? Promise.resolve(parked(orderId));
    },
    waitForOutcome: (orderId) =>
      behaviour.outcome?.(orderId) ?? Promise.resolve({ ...parked(orderId), status: 'failed' }),
  };
  return { sent, client };
}

const options = { by: 'ann', timeoutMs: 1 };

describe('trying every order again', () => {
  it('tells what became of each, in the order that was given', async () => {
    const outcomes: Record<string, OrderView | undefined> = {
      settled: { ...parked('settled'), status: 'cancelled' },
      waits: parked('waits'),
      works: undefined,
    };
    const { client } = clientOf({
      outcome: (orderId) =>
        orderId in outcomes
          ? Promise.resolve(outcomes[orderId])
          : Promise.reject(
              orderId === 'ended'
                ? new OrderInterruptedError(orderId, 'terminated')
                : new OrderNotFoundError(orderId),
            ),
    });
    const told: string[] = [];
    const retried = await retryWaiting(
      client,
      ['settled', 'waits', 'works', 'ended', 'dropped'].map((id) => parked(id)),
      { ...options, onOrder: ({ orderId }) => told.push(orderId) },
    );
    expect(retried).toEqual([
      { orderId: 'settled', result: 'settled', status: 'cancelled' },
      {
        orderId: 'waits',
        result: 'waiting',
        status: 'needs_attention',
        waiting: [{ step: 'refund_payment', error: 'refund refused' }],
      },
      { orderId: 'works', result: 'working' },
      { orderId: 'ended', result: 'gone', error: expect.stringContaining('was terminated') },
      { orderId: 'dropped', result: 'gone', error: 'There is no order dropped' },
    ]);
    expect(told.sort()).toEqual(['dropped', 'ended', 'settled', 'waits', 'works']);
  });

  it('leaves alone what somebody has settled meanwhile, and says what it came to', async () => {
    const { client } = clientOf({
      retry: (orderId) => Promise.reject(new OperatorActionRefusedError(orderId, 'it is failed')),
    });
    expect(await retryWaiting(client, [parked('o-1')], options)).toEqual([
      { orderId: 'o-1', result: 'settled', status: 'failed' },
    ]);
  });

  it('is the same action for the same wait, and another one for the next', async () => {
    const { client, sent } = clientOf({});
    const step = 'refund_payment';
    for (const attempts of [3, 3, 6]) await retryWaiting(client, [parked('o-1', attempts)], options);
    await retryWaiting(client, [parked('o-1')], { ...options, step, reason: 'provider is back' });
    const [first, again, next, narrowed] = sent;
    expect(again).toEqual(first);
    expect(next?.actionId).not.toBe(first?.actionId);
    expect(first?.request).toEqual({ by: 'ann' });
    expect(narrowed?.request).toEqual({ by: 'ann', step, reason: 'provider is back' });
  });

  it('has no more than eight under way at a time', async () => {
    let underWay = 0;
    let most = 0;
    const { client, sent } = clientOf({
      outcome: async (orderId) => {
        most = Math.max(most, ++underWay);
        await turn();
        underWay--;
        return { ...parked(orderId), status: 'failed' };
      },
    });
    const many = Array.from({ length: 100 }, (_, n) => parked(`o-${String(n)}`));
    expect(await retryWaiting(client, many, options)).toHaveLength(100);
    expect(sent).toHaveLength(100);
    expect(most).toBe(8);
  });

  it('ends when there is nobody to ask', async () => {
    const { client } = clientOf({ retry: (orderId) => Promise.reject(new NoWorkerError(orderId)) });
    await expect(retryWaiting(client, [parked('o-1')], options)).rejects.toBeInstanceOf(NoWorkerError);
  });
});
