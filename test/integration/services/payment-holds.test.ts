import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PaymentBooks } from '../../../src/domain/service-contract';
import { eventually } from '../../support/eventually';
import type { HttpAnswer } from '../../support/services';
import { onEachDatabase } from '../../support/services';
import { dies } from '../../support/services-faulty-provider';
import { ParticipantUnderTest, patientPayment, PAYMENT, wordOf } from '../../support/services-participants';

const HELD = { held: 5998, taken: 0 };
const TAKEN = { held: 0, taken: 5998 };
const NOTHING = { held: 0, taken: 0 };

onEachDatabase((database) => {
  let payment: ParticipantUnderTest;
  beforeAll(async () => {
    payment = await patientPayment(database);
  });
  afterAll(() => payment.stop());

  const accountOf = async (order: string) => {
    const { payments } = (await payment.get('/books?limit=1000')).body as unknown as PaymentBooks;
    return payments.find(({ orderId }) => orderId === order);
  };
  const status = async (order: string) =>
    (await payment.get(`/payments/by-key/${encodeURIComponent(`${order}/try`)}`)).body;

  it('holds, captures and refunds pm_card_visa, each once', async () => {
    const held = await payment.send('o-1', 'try');
    expect(held).toMatchObject({ status: 201, body: { paymentId: expect.stringMatching(/^pay_/) } });
    const { paymentId, expiresAt } = held.body;
    expect(await status('o-1')).toMatchObject({ state: 'held', paymentId });
    const account = { orderId: 'o-1', currency: 'EUR', charged: 0, refunded: 0, held: 5998 };
    expect(await accountOf('o-1')).toEqual({ ...account, expiresAt, expired: false, overdue: false });

    expect((await payment.send('o-1', 'confirm')).body).toEqual({ result: 'confirmed' });
    expect(await payment.send('o-1', 'confirm')).toMatchObject({
      body: { result: 'confirmed' },
      replayed: true,
    });
    expect(await accountOf('o-1')).toEqual({ ...account, charged: 5998, held: 0 });
    expect(await status('o-1')).toMatchObject({ state: 'charged', paymentId });

    expect((await payment.send('o-1', 'reverse')).body).toEqual({ result: 'undone' });
    expect(await accountOf('o-1')).toEqual({ ...account, charged: 5998, refunded: 5998, held: 0 });
    expect((await status('o-1'))['state']).toBe('reversed');
    expect(payment.provider().calls).toEqual({
      charge: 0,
      authorise: 1,
      lookup: 0,
      capture: 1,
      void: 0,
      refund: 1,
    });
  });

  it('voids what is cancelled, and leaves no trace of it in the account book', async () => {
    await payment.send('o-2', 'try');
    expect((await payment.send('o-2', 'cancel')).body).toEqual({ result: 'undone' });
    expect(await accountOf('o-2')).toBeUndefined();
    expect((await status('o-2'))['state']).toBe('reversed');
  });

  it.each([
    ['pm_card_declined', 'card_declined'],
    ['pm_card_insufficient_funds', 'insufficient_funds'],
    ['pm_card_of_nobody', 'unknown_payment_method'],
  ])('refuses to hold %s for good, and says why', async (method, reason) => {
    const order = `o-${reason}`;
    const refused = await payment.send(order, 'try', { method });
    expect(refused).toMatchObject({ status: 402, body: { code: 'payment_declined', reason } });
    expect(await payment.send(order, 'try', { method })).toMatchObject({
      replayed: true,
      body: refused.body,
    });
    expect(wordOf(await payment.send(order, 'confirm'))).toBe('already_compensated');
    expect(wordOf(await payment.send(order, 'cancel'))).toBe('nothing_to_undo');
    expect((await status(order))['state']).toBe('declined');
    expect(await payment.standing(order)).toEqual(NOTHING);
  });

  it('lets pm_card_flaky fail twice and be held then, also over a restart', async () => {
    const flaky = { method: 'pm_card_flaky' };
    const unavailable = { status: 503, replayed: false, body: { code: 'provider_unavailable' } };
    expect(await payment.send('o-3', 'try', flaky)).toMatchObject(unavailable);
    await payment.restart();
    expect(await payment.send('o-3', 'try', flaky)).toMatchObject(unavailable);
    expect((await payment.send('o-3', 'try', flaky)).status).toBe(201);
    expect(await payment.standing('o-3')).toEqual(HELD);
    expect(wordOf(await payment.send('o-3', 'confirm'))).toBe('confirmed');
    expect(await payment.standing('o-3')).toEqual(TAKEN);
  });

  it('keeps a pm_card_flaky that was given up from ever being held', async () => {
    await payment.send('o-4', 'try', { method: 'pm_card_flaky' });
    expect(wordOf(await payment.send('o-4', 'cancel'))).toBe('nothing_to_undo');
    expect(wordOf(await payment.send('o-4', 'try', { method: 'pm_card_flaky' }))).toBe('already_compensated');
    expect((await status('o-4'))['state']).toBe('voided');
  });

  it('holds and captures pm_card_refund_fails, voids it, and has every refund of it refused', async () => {
    const method = { method: 'pm_card_refund_fails' };
    await payment.send('o-5', 'try', method);
    expect(wordOf(await payment.send('o-5', 'cancel'))).toBe('undone');
    expect(await payment.standing('o-5')).toEqual(NOTHING);

    await payment.send('o-6', 'try', method);
    expect(wordOf(await payment.send('o-6', 'confirm'))).toBe('confirmed');
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const refused = await payment.send('o-6', 'reverse');
      expect(refused).toMatchObject({ status: 422, replayed: false, body: { code: 'refund_refused' } });
    }
    expect((await status('o-6'))['state']).toBe('reversing');
    expect(await payment.standing('o-6')).toEqual(TAKEN);
  });

  it('is kept from freeing no hold by others that the provider does not let go', async () => {
    const stuck = Array.from({ length: 45 }, (_, n) => `o-stuck-${String(n)}`);
    const free = Array.from({ length: 5 }, (_, n) => `o-free-${String(n)}`);
    for (const order of [...stuck, ...free]) await payment.send(order, 'try');
    payment.provider().before.void = (key) => {
      if (key.startsWith('o-stuck-')) dies();
    };
    // The stuck ones come first in every clean-up.
    for (const order of stuck) await payment.timePasses(order, '1970-01-02');
    for (const order of free) await payment.timePasses(order, '1970-01-03');
    const freed = (order: string) =>
      eventually(
        () => payment.standing(order),
        ({ held }) => held === 0,
        `${order} is free`,
      );
    for (const order of free) expect(await freed(order)).toEqual(NOTHING);
    for (const order of stuck) expect(await payment.standing(order)).toEqual(HELD);
    payment.provider().before = {};
    for (const order of stuck) expect(await freed(order)).toEqual(NOTHING);
  });

  describe('with pm_card_timeout', () => {
    let impatient: ParticipantUnderTest;
    beforeAll(async () => {
      const config = await database.freshConfig({
        PAYMENT_PROVIDER_TIMEOUT_MS: '300',
        TCC_HOLD_SWEEP_INTERVAL_MS: '20',
      });
      impatient = await ParticipantUnderTest.open(PAYMENT, config);
    });
    afterAll(() => impatient.stop());

    const isHeld = async (order: string) => {
      const timeout = { status: 504, replayed: false, body: { code: 'provider_timeout' } };
      expect(await impatient.send(order, 'try', { method: 'pm_card_timeout' })).toMatchObject(timeout);
      const held = await eventually(
        () => impatient.standing(order),
        ({ held }) => held > 0,
        'money is held',
      );
      expect(held).toEqual(HELD);
    };
    const isAnswered = (answer: HttpAnswer) => answer.status !== 504;

    it('holds the money once, never says so, and voids it once on a cancel', async () => {
      await isHeld('o-1');
      await isHeld('o-1');
      const cancelled = await eventually(
        () => impatient.send('o-1', 'cancel'),
        isAnswered,
        'it is cancelled',
      );
      expect(cancelled.body).toEqual({ result: 'undone' });
      expect(await impatient.standing('o-1')).toEqual(NOTHING);
      expect(wordOf(await impatient.send('o-1', 'try', { method: 'pm_card_timeout' }))).toBe(
        'already_compensated',
      );
    });

    it('voids it by itself when nobody cancels', async () => {
      await isHeld('o-2');
      await impatient.timePasses('o-2');
      const end = await eventually(
        () => impatient.standing('o-2'),
        ({ held }) => held === 0,
        'it is voided',
      );
      expect(end).toEqual(NOTHING);
      expect(wordOf(await impatient.send('o-2', 'confirm'))).toBe('hold_expired');
    });

    it('cannot be confirmed: nobody knows that it is held', async () => {
      await isHeld('o-3');
      expect(await impatient.send('o-3', 'confirm')).toMatchObject({
        status: 503,
        body: { code: 'hold_pending' },
      });
    });
  });
});
