import { describe, expect, it } from '@jest/globals';
import { Output } from '../../../src/cli/output';
import { watchOrder } from '../../../src/cli/watch';
import type { OrderView } from '../../../src/domain/order';
import { NoWorkerError, OrderNotFoundError } from '../../../src/orders/errors';
import { captureIo } from './capture';
import { AT_WORK, DECLINED, PARKED } from './views';

/** Answers with one after the other; throws what is an error. */
function answering(...answers: (OrderView | Error)[]) {
  let n = 0;
  return {
    get: () => {
      const answer = answers[n++]!;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  };
}

describe('watching an order', () => {
  it('writes one line for each change where there is no terminal, and nothing twice', async () => {
    const io = captureIo();
    const orders = answering(AT_WORK, AT_WORK, DECLINED);
    await expect(watchOrder(orders, 'o-1', new Output(io, false))).resolves.toEqual(DECLINED);
    expect(io.err().split('\n').slice(0, -1)).toEqual([
      'Create Order: done',
      'Reserve Inventory: running after 2 attempts',
      'order o-1: running',
      'Reserve Inventory: done after 2 attempts',
      'Process Payment: failed (card declined)',
      'Create Shipment: skipped',
      'Release Inventory: done',
      'Cancel Order: done',
      'order o-1: failed',
    ]);
    expect(io.out()).toBe('');
  });

  it('redraws one block on a terminal', async () => {
    const io = captureIo({ tty: true, env: { NO_COLOR: '1' } });
    await watchOrder(answering(AT_WORK, AT_WORK, DECLINED), 'o-1', new Output(io, false));
    // The first block: its title, the heads, four steps.
    expect(io.err().split('\u001b[6A\u001b[0J')).toHaveLength(2);
  });

  it('ends when the order needs attention', async () => {
    const output = new Output(captureIo(), false);
    await expect(watchOrder(answering(AT_WORK, PARKED), 'o-1', output)).resolves.toEqual(PARKED);
  });

  it('goes on while no worker answers, and says so once', async () => {
    const io = captureIo();
    const away = new NoWorkerError('o-1');
    await expect(watchOrder(answering(away, away, DECLINED), 'o-1', new Output(io, false))).resolves.toEqual(
      DECLINED,
    );
    expect(io.err().match(/No worker answers/g)).toHaveLength(1);
  });

  it('ends with any other error', async () => {
    const output = new Output(captureIo(), false);
    await expect(watchOrder(answering(new OrderNotFoundError('o-1')), 'o-1', output)).rejects.toThrow(
      OrderNotFoundError,
    );
  });
});
