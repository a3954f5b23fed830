import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { onEachDatabase } from '../support/services';
import type { Standing, TccRequest } from '../support/services-participants';
import { INVENTORY, ParticipantUnderTest, PAYMENT, wordOf } from '../support/services-participants';

type Request = Exclude<TccRequest, 'reverse'>;

/** Every distinct order of {try, try′, confirm, confirm′, cancel, cancel′}: 6! / (2! 2! 2!). */
const ORDERS = arrangements(['try', 'try', 'confirm', 'confirm', 'cancel', 'cancel']);

/**
 * The proven result of every order, by what comes first of each kind:
 *
 * - try, confirm, cancel: taken. The cancel is refused, as often as it comes.
 * - try, cancel, confirm: given back. No confirm, and no try, comes after it.
 * - a confirm or a cancel before the try: nothing ever happens, and both say so.
 */
function proven(order: readonly Request[]): { answers: string[]; kept: 'taken' | 'nothing' } {
  const [first, second] = [...new Set(order)];
  const seen = new Set<Request>();
  const answers = order.map((request) => {
    const repeated = seen.has(request);
    seen.add(request);
    const again = repeated ? ' again' : '';
    if (request === 'cancel') {
      if (first !== 'try') return `nothing_to_undo${again}`;
      // Not stored: once the confirm is reversed there is nothing left to refuse.
      return second === 'cancel' ? `undone${again}` : 'hold_confirmed';
    }
    if (request === 'confirm') {
      return first === 'try' && second === 'confirm' ? `confirmed${again}` : `already_compensated${again}`;
    }
    const gone = first !== 'try' || (second === 'cancel' && seen.has('cancel'));
    return gone ? 'already_compensated' : `held${again}`;
  });
  return { answers, kept: first === 'try' && second === 'confirm' ? 'taken' : 'nothing' };
}

it('has 90 orders to go through', () => {
  expect(new Set(ORDERS.map((order) => order.join())).size).toBe(90);
  expect(ORDERS).toHaveLength(90);
});

onEachDatabase((database) => {
  describe.each([INVENTORY, PAYMENT])('the holds of $name', (kind) => {
    let participant: ParticipantUnderTest;
    let standings: Record<'taken' | 'nothing', Standing>;
    beforeAll(async () => {
      const config = await database.freshConfig({ PAYMENT_PROVIDER_TIMEOUT_MS: '20000' });
      participant = await ParticipantUnderTest.open(kind, config);
      standings = { taken: { held: 0, taken: participant.amount }, nothing: { held: 0, taken: 0 } };
    });
    afterAll(() => participant.stop());

    it.each(ORDERS.map((order, n) => ({ n, order, in: order.join(', ') })))(
      'end as proven: $in',
      async ({ n, order }) => {
        const id = `o-${String(n)}`;
        const answers: string[] = [];
        for (const request of order) answers.push(wordOf(await participant.send(id, request)));
        const { answers: expected, kept } = proven(order);
        expect(answers).toEqual(expected);
        expect(await participant.standing(id)).toEqual(standings[kept]);
      },
    );
  });
});

function arrangements(requests: readonly Request[]): Request[][] {
  if (requests.length === 0) return [[]];
  return [...new Set(requests)].flatMap((first) => {
    const rest = [...requests];
    rest.splice(rest.indexOf(first), 1);
    return arrangements(rest).map((tail) => [first, ...tail]);
  });
}
