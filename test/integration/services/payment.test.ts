import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { HttpAnswer } from '../../support/services';
import { onEachDatabase } from '../../support/services';
import { AMOUNT, PaymentUnderTest } from '../../support/services-payment';
import { eventually } from '../../support/eventually';

onEachDatabase((database) => {
  let payment: PaymentUnderTest;
  beforeAll(async () => {
    payment = await PaymentUnderTest.start(
      await database.freshConfig({ PAYMENT_PROVIDER_TIMEOUT_MS: '20000' }),
    );
  });
  afterAll(() => payment.stop());

  it('charges pm_card_visa once, and refunds it once', async () => {
    const first = await payment.charge('o-1');
    expect(first).toMatchObject({ status: 201, body: { paymentId: expect.stringMatching(/^pay_/) } });
    expect(await payment.charge('o-1')).toMatchObject({ status: 201, replayed: true, body: first.body });
    expect(await payment.money('o-1')).toEqual({ charged: 5998, refunded: 0 });
    expect((await payment.status('o-1')).body).toEqual({
      key: 'order-o-1/process_payment',
      orderId: 'o-1',
      state: 'charged',
      amount: AMOUNT,
      paymentId: first.body['paymentId'],
    });

    expect(await payment.refund('o-1')).toMatchObject({ status: 200, body: { result: 'undone' } });
    expect(await payment.refund('o-1')).toMatchObject({ body: { result: 'undone' }, replayed: true });
    expect((await payment.refund('o-1', 'another-key')).body).toEqual({ result: 'undone' });
    expect(await payment.money('o-1')).toEqual({ charged: 5998, refunded: 5998 });
    expect((await payment.status('o-1')).body['state']).toBe('refunded');
    expect((await payment.charge('o-1')).body['code']).toBe('already_compensated');
    expect(payment.provider.calls).toMatchObject({ charge: 1, lookup: 0, refund: 1 });
  });

  it.each([
    ['pm_card_declined', 'card_declined', 'card declined'],
    ['pm_card_insufficient_funds', 'insufficient_funds', 'insufficient funds'],
    ['pm_card_of_nobody', 'unknown_payment_method', 'unknown payment method'],
  ])('refuses %s for good, and says why', async (method, reason, words) => {
    const refused = await payment.charge(`o-${reason}`, method);
    expect(refused).toMatchObject({ status: 402, body: { code: 'payment_declined', reason } });
    expect(refused.body['detail']).toContain(words);
    expect(JSON.stringify(refused.body)).not.toContain(method);
    expect(await payment.charge(`o-${reason}`, method)).toMatchObject({ replayed: true, body: refused.body });
    expect((await payment.status(`o-${reason}`)).body['state']).toBe('declined');
    expect((await payment.refund(`o-${reason}`)).body).toEqual({ result: 'nothing_to_undo' });
    expect(await payment.money(`o-${reason}`)).toBeUndefined();
  });

  it('lets pm_card_flaky fail twice and succeed then, also over a restart', async () => {
    const unavailable = { status: 503, replayed: false, body: { code: 'provider_unavailable' } };
    expect(await payment.charge('o-flaky', 'pm_card_flaky')).toMatchObject(unavailable);
    await payment.restart();
    expect(await payment.charge('o-flaky', 'pm_card_flaky')).toMatchObject(unavailable);
    expect((await payment.status('o-flaky')).body['state']).toBe('intent');
    expect((await payment.charge('o-flaky', 'pm_card_flaky')).status).toBe(201);
    expect(await payment.money('o-flaky')).toEqual({ charged: 5998, refunded: 0 });
  });

  it('keeps a pm_card_flaky that was given up from ever being charged', async () => {
    await payment.charge('o-given-up', 'pm_card_flaky');
    expect((await payment.refund('o-given-up')).body).toEqual({ result: 'nothing_to_undo' });
    expect((await payment.charge('o-given-up', 'pm_card_flaky')).body['code']).toBe('already_compensated');
    expect((await payment.status('o-given-up')).body['state']).toBe('voided');
    expect(await payment.money('o-given-up')).toBeUndefined();
  });

  it('refuses every refund of pm_card_refund_fails, and charges it no second time', async () => {
    expect((await payment.charge('o-stuck', 'pm_card_refund_fails')).status).toBe(201);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const refused = await payment.refund('o-stuck');
      expect(refused).toMatchObject({ status: 422, replayed: false, body: { code: 'refund_refused' } });
    }
    expect((await payment.status('o-stuck')).body['state']).toBe('reversing');
    expect((await payment.charge('o-stuck', 'pm_card_refund_fails')).status).toBe(409);
    expect(await payment.money('o-stuck')).toEqual({ charged: 5998, refunded: 0 });
  });

  it('charges nothing after a refund that came first', async () => {
    expect((await payment.refund('o-null')).body).toEqual({ result: 'nothing_to_undo' });
    expect((await payment.charge('o-null')).body['code']).toBe('already_compensated');
    expect((await payment.status('o-null')).body).toEqual({
      key: 'order-o-null/process_payment',
      orderId: 'o-null',
      state: 'voided',
    });
    expect(await payment.money('o-null')).toBeUndefined();
  });

  it('refuses the key with another amount, and takes nothing for it', async () => {
    await payment.charge('o-2');
    const other = { orderId: 'o-2', amount: { ...AMOUNT, value: 1 }, method: 'pm_card_visa' };
    const answer = await payment.post('/payments', other, 'order-o-2/process_payment');
    expect(answer).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    expect(await payment.money('o-2')).toEqual({ charged: 5998, refunded: 0 });
  });

  it('names every wrong field', async () => {
    const answer = await payment.post(
      '/payments',
      { orderId: '🙂', amount: { value: 1.5, currency: 'euro' }, method: 'pm card' },
      'k',
    );
    const fields = (answer.body['errors'] as { field: string }[]).map((error) => error.field);
    expect(fields.sort()).toEqual(['amount.currency', 'amount.value', 'method', 'orderId']);
    for (const value of [0, -1, 2 ** 60]) {
      const body = { orderId: 'o-3', amount: { ...AMOUNT, value }, method: 'pm_card_visa' };
      expect(await payment.post('/payments', body, 'k')).toMatchObject({ status: 400 });
    }
  });

  it('knows nothing of a key that it never saw', async () => {
    expect(await payment.status('o-nowhere')).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it('gives the account book in pages by order id', async () => {
    const { payments } = await payment.books();
    const first = await payment.books('limit=2');
    expect(first.payments).toEqual(payments.slice(0, 2));
    const second = await payment.books(`limit=2&cursor=${first.nextCursor ?? ''}`);
    expect(second.payments).toEqual(payments.slice(2, 4));
  });

  describe('with pm_card_timeout', () => {
    let impatient: PaymentUnderTest;
    beforeAll(async () => {
      impatient = await PaymentUnderTest.start(
        await database.freshConfig({ PAYMENT_PROVIDER_TIMEOUT_MS: '300' }),
      );
    });
    afterAll(() => impatient.stop());

    it('takes the money once, never says so, and gives it back once', async () => {
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const answer = await impatient.charge('o-1', 'pm_card_timeout');
        expect(answer).toMatchObject({ status: 504, replayed: false, body: { code: 'provider_timeout' } });
      }
      expect((await impatient.status('o-1')).body['state']).toBe('intent');
      const taken = await eventually(() => impatient.money('o-1'), Boolean, 'the money is taken');
      expect(taken).toEqual({ charged: 5998, refunded: 0 });

      const isAnswered = (answer: HttpAnswer) => answer.status !== 504;
      const refunded = await eventually(() => impatient.refund('o-1'), isAnswered, 'the refund is answered');
      expect(refunded.body).toEqual({ result: 'undone' });
      expect((await impatient.refund('o-1')).body).toEqual({ result: 'undone' });
      expect(await impatient.money('o-1')).toEqual({ charged: 5998, refunded: 5998 });
      expect((await impatient.charge('o-1', 'pm_card_timeout')).status).toBe(409);
    });
  });
});
