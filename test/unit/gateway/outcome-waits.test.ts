import { getEventListeners } from 'node:events';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { OrderView } from '../../../src/domain/order';
import { OutcomeWaits } from '../../../src/gateway/outcome-waits';
import { NoWorkerError, OrderInterruptedError } from '../../../src/orders/errors';
import type { WaitOptions } from '../../../src/orders/outcome-wait';
import { TemporalUnavailableError } from '../../../src/orders/temporal-calls';

const NEVER = 1_000_000;
const COMPLETED = { orderId: 'o-1', status: 'completed' } as OrderView;

/** One wait that was begun at Temporal. */
interface Begun {
  readonly orderId: string;
  readonly signal: AbortSignal;
  readonly resolve: (order: OrderView) => void;
  readonly reject: (error: Error) => void;
}

let begun: Begun[];
let waits: OutcomeWaits;
beforeEach(() => {
  begun = [];
  waits = new OutcomeWaits({
    waitForOutcome: (orderId: string, { signal }: WaitOptions) =>
      new Promise((resolve, reject) => {
        if (signal === undefined) throw new Error('a wait that cannot be ended');
        begun.push({ orderId, signal, resolve, reject });
        signal.addEventListener('abort', () => {
          resolve(undefined);
        });
      }),
  });
});

const wait = (signal?: AbortSignal, timeoutMs = NEVER, orderId = 'o-1') =>
  waits.wait(orderId, { timeoutMs, ...(signal && { signal }) });

describe('a wait for an outcome', () => {
  it('is one at Temporal, however many wait for the order', async () => {
    const outcomes = Promise.all([wait(), wait(), wait()]);
    expect(begun.map(({ orderId }) => orderId)).toEqual(['o-1']);
    begun[0]?.resolve(COMPLETED);
    expect(await outcomes).toEqual([COMPLETED, COMPLETED, COMPLETED]);
  });

  it('is another for another order, and for one that is waited for again', async () => {
    const first = [wait(), wait(undefined, NEVER, 'o-2')];
    for (const { resolve } of begun) resolve(COMPLETED);
    await Promise.all(first);
    const again = wait();
    expect(begun.map(({ orderId }) => orderId)).toEqual(['o-1', 'o-2', 'o-1']);
    begun[2]?.resolve(COMPLETED);
    expect(await again).toBe(COMPLETED);
  });

  it('goes on when one of its clients leaves, and ends with the last', async () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const outcomes = [wait(one.signal), wait(other.signal)];
    one.abort();
    expect(await outcomes[0]).toBeUndefined();
    expect(begun[0]?.signal.aborted).toBe(false);
    other.abort();
    expect(await outcomes[1]).toBeUndefined();
    expect(begun[0]?.signal.aborted).toBe(true);
  });

  it('ends for each when its own time is up', async () => {
    const patient = wait();
    expect(await wait(undefined, 0)).toBeUndefined();
    expect(begun[0]?.signal.aborted).toBe(false);
    begun[0]?.resolve(COMPLETED);
    expect(await patient).toBe(COMPLETED);
    expect(begun).toHaveLength(1);
  });

  it('ends at once for a client that has left before', async () => {
    expect(await wait(AbortSignal.abort())).toBeUndefined();
    expect(begun[0]?.signal.aborted).toBe(true);
  });

  it('fails for everybody when the order was interrupted', async () => {
    const outcomes = [wait(), wait()];
    const interrupted = new OrderInterruptedError('o-1', 'terminated');
    begun[0]?.reject(interrupted);
    for (const outcome of outcomes) await expect(outcome).rejects.toBe(interrupted);
  });

  it.each([
    ['Temporal is away', new TemporalUnavailableError('gone', undefined)],
    ['no worker answers', new NoWorkerError('o-1')],
  ])('has no outcome when %s: the order is accepted all the same', async (_when, error) => {
    const outcomes = [wait(), wait()];
    begun[0]?.reject(error);
    expect(await Promise.all(outcomes)).toEqual([undefined, undefined]);
  });

  it('leaves no listener behind', async () => {
    const client = new AbortController();
    const outcome = wait(client.signal);
    expect(getEventListeners(client.signal, 'abort')).toHaveLength(1);
    begun[0]?.resolve(COMPLETED);
    await outcome;
    expect(getEventListeners(client.signal, 'abort')).toHaveLength(0);
  });
});

describe('a gateway that drains', () => {
  it('ends every wait, and each that comes', async () => {
    const outcomes = [wait(), wait(undefined, NEVER, 'o-2')];
    waits.drain();
    expect(await Promise.all(outcomes)).toEqual([undefined, undefined]);
    expect(await wait()).toBeUndefined();
    expect(begun.every(({ signal }) => signal.aborted)).toBe(true);
  });
});
