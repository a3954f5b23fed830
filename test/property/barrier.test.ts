import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ProblemError } from '../../src/http/problem';
import { onEachDatabase } from '../support/services';
import type { Outcome } from '../support/services-balance';
import { BalanceService, crash } from '../support/services-balance';

type Request = 'do' | 'undo';

/** Every distinct order of {do, do', undo, undo'}, with the proven answers and the changes that may be committed. */
const ORDERS: { order: Request[]; answers: string[]; changes: number[] }[] = [
  {
    order: ['do', 'do', 'undo', 'undo'],
    answers: ['done', 'done again', 'undone', 'undone again'],
    changes: [1, -1],
  },
  {
    order: ['do', 'undo', 'do', 'undo'],
    answers: ['done', 'undone', 'already_compensated', 'undone again'],
    changes: [1, -1],
  },
  {
    order: ['do', 'undo', 'undo', 'do'],
    answers: ['done', 'undone', 'undone again', 'already_compensated'],
    changes: [1, -1],
  },
  {
    order: ['undo', 'do', 'do', 'undo'],
    answers: ['nothing_to_undo', 'already_compensated', 'already_compensated', 'nothing_to_undo again'],
    changes: [],
  },
  {
    order: ['undo', 'do', 'undo', 'do'],
    answers: ['nothing_to_undo', 'already_compensated', 'nothing_to_undo again', 'already_compensated'],
    changes: [],
  },
  {
    order: ['undo', 'undo', 'do', 'do'],
    answers: ['nothing_to_undo', 'nothing_to_undo again', 'already_compensated', 'already_compensated'],
    changes: [],
  },
];

onEachDatabase((database) => {
  let service: BalanceService;
  beforeAll(async () => {
    service = await BalanceService.open(await database.freshConfig());
  });
  afterAll(() => service.close());

  let keys = 0;
  const newKey = () => `k-${String((keys += 1))}`;
  const refuse = () => {
    throw new ProblemError('out_of_stock', 'nothing left');
  };

  describe('every distinct order of {do, do′, undo, undo′}', () => {
    it('is covered', () => {
      const permutations = new Set(
        [0b0011, 0b0101, 0b0110, 0b1001, 0b1010, 0b1100].map((bits) =>
          [3, 2, 1, 0].map((bit) => ((bits >> bit) & 1 ? 'undo' : 'do')).join(),
        ),
      );
      expect(new Set(ORDERS.map(({ order }) => order.join()))).toEqual(permutations);
    });

    it.each(ORDERS)('$order is answered $answers', async ({ order, answers, changes }) => {
      const key = newKey();
      const outcomes: Outcome[] = [];
      for (const request of order) {
        outcomes.push(await (request === 'do' ? service.do(key) : service.undo(`undo-${key}`, key)));
      }
      expect(outcomes.map(word)).toEqual(answers);
      expect(await service.changes(key)).toEqual(changes);
    });
  });

  it('undoes once under two compensation keys, which say the same', async () => {
    const key = newKey();
    await service.do(key);
    expect(word(await service.undo(`a-${key}`, key))).toBe('undone');
    expect(word(await service.undo(`b-${key}`, key))).toBe('undone');
    expect(await service.changes(key)).toEqual([1, -1]);
  });

  it('says nothing_to_undo under every compensation key when nothing had happened', async () => {
    const key = newKey();
    expect(word(await service.undo(`a-${key}`, key))).toBe('nothing_to_undo');
    expect(word(await service.undo(`b-${key}`, key))).toBe('nothing_to_undo');
    expect(await service.changes(key)).toEqual([]);
  });

  it('keeps a refusal, without its effects, also when the request would succeed by now', async () => {
    const key = newKey();
    const first = await service.do(key, 'payload', refuse);
    expect(first).toMatchObject({ status: 409, replayed: false, body: { code: 'out_of_stock' } });
    expect(await service.do(key)).toEqual({ ...first, replayed: true });
    expect(await service.changes(key)).toEqual([]);
  });

  it('has nothing to undo of a refused action, and goes on refusing it', async () => {
    const key = newKey();
    await service.do(key, 'payload', refuse);
    expect(word(await service.undo(`undo-${key}`, key))).toBe('nothing_to_undo');
    expect((await service.do(key)).status).toBe(409);
    expect(await service.changes(key)).toEqual([]);
  });

  it('keeps nothing of an action that failed, so that a retry does it', async () => {
    const key = newKey();
    expect((await service.do(key, 'payload', crash)).status).toBe('crash');
    expect(await service.rowExists(key)).toBe(false);
    expect(word(await service.do(key))).toBe('done');
    expect(await service.changes(key)).toEqual([1]);
  });

  it('keeps nothing of an open outcome such as an unavailable carrier', async () => {
    const key = newKey();
    const unavailable = () => {
      throw new ProblemError('carrier_unavailable', 'down');
    };
    expect((await service.do(key, 'payload', unavailable)).status).toBe('carrier_unavailable');
    expect(await service.rowExists(key)).toBe(false);
  });

  it('keeps nothing of an undo that failed, so that a retry does it', async () => {
    const key = newKey();
    await service.do(key);
    expect((await service.undo(`undo-${key}`, key, 'undo', crash)).status).toBe('crash');
    expect(await service.rowExists(`undo-${key}`)).toBe(false);
    expect(await service.changes(key)).toEqual([1]);
    expect(word(await service.undo(`undo-${key}`, key))).toBe('undone');
  });

  describe('a key that is used for something else', () => {
    it('is refused for another payload, and nothing is done', async () => {
      const key = newKey();
      await service.do(key);
      expect((await service.do(key, 'another')).status).toBe('idempotency_key_reused');
      expect(await service.changes(key)).toEqual([1]);
    });

    it('is refused for another compensation, whose own action stays as it is', async () => {
      const [key, other] = [newKey(), newKey()];
      await service.do(key);
      await service.do(other);
      await service.undo('undo-reused', key, 'undo key');
      expect((await service.undo('undo-reused', other, 'undo other')).status).toBe('idempotency_key_reused');
      expect(await service.changes(other)).toEqual([1]);
    });

    it('is refused as both action and compensation', async () => {
      const [key, late] = [newKey(), newKey()];
      await service.do(key);
      expect((await service.undo(key, late)).status).toBe('idempotency_key_reused');
      await service.undo(`undo-${key}`, key);
      expect((await service.do(`undo-${key}`)).status).toBe('idempotency_key_reused');
      expect((await service.undo(newKey(), `undo-${key}`)).status).toBe('idempotency_key_reused');
      expect((await service.undo(late, late)).status).toBe('idempotency_key_reused');
      expect(await service.rowExists(late)).toBe(false);
    });

    it('is refused for undoing what another order did', async () => {
      const key = newKey();
      await service.do(key);
      const undo = await service.undo(`undo-${key}`, key, 'undo', undefined, 'o-2');
      expect(undo.status).toBe('idempotency_key_reused');
      expect(await service.changes(key)).toEqual([1]);
    });
  });
});

function word({ status, body, replayed }: Outcome): string {
  if (typeof status === 'string') return status;
  const result = status === 201 ? 'done' : (body as { result: string }).result;
  return replayed === true ? `${result} again` : result;
}
