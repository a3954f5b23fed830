import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually';
import { onEachDatabase } from '../../support/services';
import type { TccRequest } from '../../support/services-participants';
import { INVENTORY, ParticipantUnderTest, PAYMENT, wordOf } from '../../support/services-participants';

const TTL_MS = 45_000;
const NOTHING = { held: 0, taken: 0 };
/** Longer than any test: the clean-up runs once, when the process starts. */
const NEVER = '86400000';

onEachDatabase((database) => {
  describe.each([INVENTORY, PAYMENT])('the holds of $name', (kind) => {
    /** Cleans up all the time; and one that does not. */
    let [tidy, lazy]: ParticipantUnderTest[] = [];
    beforeAll(async () => {
      const config = (interval: string) =>
        database.freshConfig({
          PAYMENT_PROVIDER_TIMEOUT_MS: '20000',
          TCC_HOLD_TTL_MS: String(TTL_MS),
          TCC_HOLD_SWEEP_INTERVAL_MS: interval,
        });
      tidy = await ParticipantUnderTest.open(kind, await config('20'), 2);
      lazy = await ParticipantUnderTest.open(kind, await config(NEVER));
    });
    afterAll(() => Promise.all([tidy!.stop(), lazy!.stop()]));

    let orders = 0;
    const newOrder = () => `o-${String((orders += 1))}`;
    const ask = async (participant: ParticipantUnderTest, order: string, request: TccRequest, suffix = '') =>
      wordOf(await participant.send(order, request, { suffix }));
    const isFree = (order: string) =>
      eventually(
        () => tidy!.standing(order),
        ({ held }) => held === 0,
        `nothing of ${order} is held`,
      );

    it('says when they end, and the same again to a duplicate', async () => {
      const order = newOrder();
      const before = Date.now();
      const first = await tidy!.send(order, 'try');
      const end = Date.parse(String(first.body['expiresAt']));
      expect(end).toBeGreaterThanOrEqual(before + TTL_MS);
      expect(end).toBeLessThanOrEqual(Date.now() + TTL_MS + 1);
      expect(await tidy!.send(order, 'try')).toMatchObject({ status: 201, replayed: true, body: first.body });
      expect(await tidy!.standing(order)).toEqual({ held: kind.amount, taken: 0 });
    });

    it('are freed by the service itself, and whoever comes after that is refused', async () => {
      const order = newOrder();
      await tidy!.send(order, 'try');
      await tidy!.timePasses(order);
      expect(await isFree(order)).toEqual(NOTHING);
      expect(await ask(tidy!, order, 'confirm')).toBe('hold_expired');
      expect(await ask(tidy!, order, 'try')).toBe('hold_expired');
      expect(await ask(tidy!, order, 'confirm', '-other')).toBe('hold_expired');
      expect(await ask(tidy!, order, 'cancel')).toBe('undone');
      expect(await ask(tidy!, order, 'confirm')).toBe('hold_expired again');
      expect(await tidy!.standing(order)).toEqual(NOTHING);
    });

    it('are freed once by two processes that clean up at the same time', async () => {
      const many = Array.from({ length: 60 }, newOrder);
      await Promise.all(many.map((order, n) => tidy!.send(order, 'try', { process: n % 2 })));
      await Promise.all(many.map((order) => tidy!.timePasses(order)));
      for (const order of many) expect(await isFree(order)).toEqual(NOTHING);
      for (const order of many) expect(await ask(tidy!, order, 'cancel')).toBe('undone');
    });

    it('are freed when the process starts again', async () => {
      const order = newOrder();
      await lazy!.send(order, 'try');
      await lazy!.timePasses(order);
      await lazy!.restart();
      await eventually(
        () => lazy!.standing(order),
        ({ held }) => held === 0,
        'nothing is held',
      );
      expect(await ask(lazy!, order, 'confirm')).toBe('hold_expired');
    });

    it('are not confirmed after their end, also before anybody has cleaned up, and stay so', async () => {
      const order = newOrder();
      await lazy!.send(order, 'try');
      await lazy!.timePasses(order);
      expect(await ask(lazy!, order, 'try')).toBe('hold_expired');
      expect(await ask(lazy!, order, 'confirm')).toBe('hold_expired');
      expect(await lazy!.standing(order)).toEqual({ held: kind.amount, taken: 0 });
      // A clock that is set back brings no hold back.
      await lazy!.timePasses(order, '2100-01-01');
      expect(await ask(lazy!, order, 'confirm', '-other')).toBe('hold_expired');
      expect(await ask(lazy!, order, 'try')).toBe('hold_expired');
      expect(await ask(lazy!, order, 'cancel')).toBe('undone');
      expect(await lazy!.standing(order)).toEqual(NOTHING);
    });

    it('are cancelled after their end as before it', async () => {
      const order = newOrder();
      await lazy!.send(order, 'try');
      await lazy!.timePasses(order);
      expect(await ask(lazy!, order, 'cancel')).toBe('undone');
      expect(await ask(lazy!, order, 'confirm')).toBe('already_compensated');
      expect(await lazy!.standing(order)).toEqual(NOTHING);
    });

    it('stay when they were confirmed in time', async () => {
      const [order, other] = [newOrder(), newOrder()];
      await tidy!.send(order, 'try');
      await tidy!.send(other, 'try');
      expect(await ask(tidy!, order, 'confirm')).toBe('confirmed');
      await Promise.all([tidy!.timePasses(order), tidy!.timePasses(other)]);
      await isFree(other);
      expect(await ask(tidy!, order, 'confirm', '-other')).toBe('confirmed');
      expect(await tidy!.standing(order)).toEqual({ held: 0, taken: kind.amount });
    });

    it('are reversed after they were confirmed, and also when they were not', async () => {
      const [confirmed, held, unknown] = [newOrder(), newOrder(), newOrder()];
      for (const order of [confirmed, held]) await tidy!.send(order, 'try');
      await tidy!.send(confirmed, 'confirm');
      expect(await ask(tidy!, confirmed, 'reverse')).toBe('undone');
      expect(await ask(tidy!, confirmed, 'reverse')).toBe('undone again');
      expect(await ask(tidy!, confirmed, 'cancel')).toBe('undone');
      expect(await ask(tidy!, held, 'reverse')).toBe('undone');
      expect(await ask(tidy!, unknown, 'reverse')).toBe('nothing_to_undo');
      for (const order of [confirmed, held, unknown]) {
        expect(await ask(tidy!, order, 'try')).toBe('already_compensated');
        expect(await ask(tidy!, order, 'confirm', '-late')).toBe('already_compensated');
        expect(await tidy!.standing(order)).toEqual(NOTHING);
      }
    });

    it('answer a cancel that was refused by a confirm with the truth once that is reversed', async () => {
      const order = newOrder();
      await tidy!.send(order, 'try');
      await tidy!.send(order, 'confirm');
      expect(await tidy!.send(order, 'cancel')).toMatchObject({
        status: 409,
        body: { code: 'hold_confirmed' },
      });
      await tidy!.send(order, 'reverse');
      expect(await ask(tidy!, order, 'cancel')).toBe('undone');
    });

    it('belong to one order, and to one protocol', async () => {
      const [order, other] = [newOrder(), newOrder()];
      await tidy!.send(order, 'try');
      const post = async (route: string, body: object) =>
        (await tidy!.post(route, body, `${order}/${route}`)).body['code'];
      expect(await post('/confirmations', { orderId: other, confirms: `${order}/try` })).toBe(
        'idempotency_key_reused',
      );
      expect(await post('/cancellations', { orderId: other, compensates: `${order}/try` })).toBe(
        'idempotency_key_reused',
      );
      // A saga's undo is not for holds.
      const undo = kind === INVENTORY ? '/releases' : '/refunds';
      expect(await post(undo, { orderId: order, compensates: `${order}/try` })).toBe(
        'idempotency_key_reused',
      );
      expect(await post('/confirmations', { orderId: order, confirms: `${order}//confirmations` })).toBe(
        'idempotency_key_reused',
      );
      expect(await tidy!.standing(order)).toEqual({ held: kind.amount, taken: 0 });
    });

    it('keep nothing of a request that was refused for its key', async () => {
      const [order, saga] = [newOrder(), newOrder()];
      await tidy!.send(order, 'try');
      const body = { orderId: order, confirms: `${order}/try` };
      expect(
        (await tidy!.post('/confirmations', { ...body, orderId: saga }, `${order}/confirm`)).status,
      ).toBe(422);
      expect(await ask(tidy!, order, 'confirm')).toBe('confirmed');
      expect((await tidy!.post('/confirmations', body, `${order}/try`)).status).toBe(422);
    });

    it.each([
      ['/holds', kind === INVENTORY ? ['expectedAmount', 'items'] : ['amount', 'method']],
      ['/confirmations', ['confirms']],
      ['/cancellations', ['compensates']],
      ['/reversals', ['compensates']],
    ])('name every wrong field of POST %s, and want a key', async (route, fields) => {
      const answer = await tidy!.post(route, { unknown: 1 }, 'k');
      expect(answer).toMatchObject({
        status: 400,
        contentType: expect.stringContaining('application/problem+json'),
        body: { code: 'invalid_request' },
      });
      const named = (answer.body['errors'] as { field: string }[]).map(({ field }) => field);
      expect(named.sort()).toEqual([...fields, 'orderId', 'unknown'].sort());
      expect((await tidy!.post(route, {})).body['code']).toBe('idempotency_key_missing');
    });
  });
});
