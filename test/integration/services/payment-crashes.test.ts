import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { onEachDatabase } from '../../support/services';
import { dies, Gate } from '../../support/services-faulty-provider';
import { PaymentUnderTest } from '../../support/services-payment';

const CHARGED = { charged: 5998, refunded: 0 };
const REFUNDED = { charged: 5998, refunded: 5998 };

onEachDatabase((database) => {
  let payment: PaymentUnderTest;
  let order = '';
  let orders = 0;
  beforeAll(async () => {
    payment = await PaymentUnderTest.start(
      await database.freshConfig({ PAYMENT_PROVIDER_TIMEOUT_MS: '20000' }),
    );
  });
  afterAll(() => payment.stop());
  beforeEach(() => {
    order = `o-${String((orders += 1))}`;
  });

  /** A request in which the process dies, and the process that comes after it. */
  const crashIn = async (request: () => Promise<{ status: number }>) => {
    expect((await request()).status).toBe(500);
    await payment.restart();
  };

  describe('when the process dies before the charge reaches the provider', () => {
    beforeEach(async () => {
      payment.provider.before.charge = dies;
      await crashIn(() => payment.charge(order));
      expect(await payment.money(order)).toBeUndefined();
    });

    it('charges once on a retry, after asking', async () => {
      expect(await payment.charge(order)).toMatchObject({ status: 201, replayed: false });
      expect(await payment.money(order)).toEqual(CHARGED);
      expect(payment.provider.calls).toMatchObject({ lookup: 1, charge: 1 });
    });

    it('keeps a refund from being overtaken by the charge', async () => {
      expect((await payment.refund(order)).body).toEqual({ result: 'nothing_to_undo' });
      expect((await payment.charge(order)).body['code']).toBe('already_compensated');
      expect(await payment.money(order)).toBeUndefined();
    });
  });

  describe('when the process dies after the provider has taken the money', () => {
    beforeEach(async () => {
      payment.provider.after.charge = dies;
      await crashIn(() => payment.charge(order));
      expect(await payment.money(order)).toEqual(CHARGED);
    });

    it('finds the charge on a retry and takes nothing more', async () => {
      expect(await payment.charge(order)).toMatchObject({ status: 201, replayed: false });
      expect(await payment.charge(order)).toMatchObject({ status: 201, replayed: true });
      expect(await payment.money(order)).toEqual(CHARGED);
      expect(payment.provider.calls.charge).toBe(0);
    });

    it('finds the charge when it is asked what became of it', async () => {
      const status = await payment.status(order);
      expect(status.body).toMatchObject({ state: 'charged', paymentId: expect.any(String) });
      const retry = await payment.charge(order);
      expect(retry).toMatchObject({ replayed: true, body: { paymentId: status.body['paymentId'] } });
    });

    it('refunds it without ever having known of it', async () => {
      expect((await payment.refund(order)).body).toEqual({ result: 'undone' });
      expect(await payment.money(order)).toEqual(REFUNDED);
      expect((await payment.charge(order)).body['code']).toBe('already_compensated');
    });
  });

  describe('when the process dies before the refund reaches the provider', () => {
    beforeEach(async () => {
      await payment.charge(order);
      payment.provider.before.refund = dies;
      await crashIn(() => payment.refund(order));
      expect(await payment.money(order)).toEqual(CHARGED);
      expect((await payment.status(order)).body['state']).toBe('reversing');
    });

    it('refunds once on a retry', async () => {
      expect(await payment.refund(order)).toMatchObject({ body: { result: 'undone' }, replayed: false });
      expect(await payment.money(order)).toEqual(REFUNDED);
    });

    it('refunds once under another key', async () => {
      expect((await payment.refund(order, `${order}/other`)).body).toEqual({ result: 'undone' });
      expect((await payment.refund(order)).body).toEqual({ result: 'undone' });
      expect(await payment.money(order)).toEqual(REFUNDED);
    });

    it('charges nothing any more', async () => {
      expect((await payment.charge(order)).body['code']).toBe('already_compensated');
      expect(payment.provider.calls.charge).toBe(0);
    });
  });

  it('refunds once when the process dies after the provider has refunded', async () => {
    await payment.charge(order);
    payment.provider.after.refund = dies;
    await crashIn(() => payment.refund(order));
    expect(await payment.money(order)).toEqual(REFUNDED);
    expect((await payment.refund(order)).body).toEqual({ result: 'undone' });
    expect(await payment.money(order)).toEqual(REFUNDED);
    expect((await payment.status(order)).body['state']).toBe('refunded');
  });

  describe('when a refund meets a charge that is under way', () => {
    it('has the provider refuse the charge that arrives after it', async () => {
      const gate = new Gate();
      payment.provider.before.charge = gate.pass;
      const charge = payment.charge(order);
      await gate.reached;
      expect((await payment.refund(order)).body).toEqual({ result: 'nothing_to_undo' });
      gate.open();
      expect((await charge).body['code']).toBe('already_compensated');
      expect(await payment.money(order)).toBeUndefined();
      await payment.restart();
    });

    it('gives back what was taken and not yet answered', async () => {
      const gate = new Gate();
      payment.provider.after.charge = gate.pass;
      const charge = payment.charge(order);
      await gate.reached;
      expect((await payment.refund(order)).body).toEqual({ result: 'undone' });
      gate.open();
      expect((await charge).body['code']).toBe('already_compensated');
      expect(await payment.money(order)).toEqual(REFUNDED);
      await payment.restart();
    });

    it('refuses a charge between its own mark and the provider', async () => {
      await payment.charge(order);
      const gate = new Gate();
      payment.provider.before.refund = gate.pass;
      const refund = payment.refund(order);
      await gate.reached;
      expect((await payment.charge(order)).body['code']).toBe('already_compensated');
      gate.open();
      expect((await refund).body).toEqual({ result: 'undone' });
      await payment.restart();
    });
  });

  it('charges once when a duplicate comes while the first is under way', async () => {
    const gate = new Gate();
    payment.provider.before.charge = async () => {
      delete payment.provider.before.charge;
      await gate.pass();
    };
    const first = payment.charge(order);
    await gate.reached;
    const second = await payment.charge(order);
    gate.open();
    expect(second.status).toBe(201);
    expect((await first).body).toEqual(second.body);
    expect(await payment.money(order)).toEqual(CHARGED);
  });
});
