import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually';
import { onEachDatabase } from '../../support/services';
import { dies, Gate } from '../../support/services-faulty-provider';
import { OneHold } from '../../support/services-one-hold';
import type { ParticipantUnderTest, TccRequest } from '../../support/services-participants';
import { patientPayment } from '../../support/services-participants';

const HELD = { held: 5998, taken: 0 };
const TAKEN = { held: 0, taken: 5998 };
const NOTHING = { held: 0, taken: 0 };

onEachDatabase((database) => {
  let payment: ParticipantUnderTest;
  let hold: OneHold;
  let orders = 0;
  beforeAll(async () => {
    payment = await patientPayment(database);
  });
  afterAll(() => payment.stop());
  beforeEach(() => {
    hold = new OneHold(payment, `o-${String((orders += 1))}`);
  });

  /** A request in which the process dies, and the process that comes after it. */
  const crashIn = async (request: TccRequest) => {
    expect((await payment.send(hold.order, request)).status).toBe(500);
    await payment.restart();
  };

  describe('when the process dies before the authorisation reaches the provider', () => {
    beforeEach(async () => {
      payment.provider().before.authorise = dies;
      await crashIn('try');
      expect(await hold.standing()).toEqual(NOTHING);
      expect(await hold.state()).toBe('intent');
    });

    it('authorises once on a retry, after asking', async () => {
      expect(await hold.ask('try')).toBe('held');
      expect(await hold.standing()).toEqual(HELD);
      expect(payment.provider().calls).toMatchObject({ lookup: 2, authorise: 1 });
    });

    it('keeps a cancel from being overtaken by the authorisation', async () => {
      expect(await hold.ask('cancel')).toBe('nothing_to_undo');
      expect(await hold.ask('try')).toBe('already_compensated');
      expect(await hold.standing()).toEqual(NOTHING);
    });

    it('neither confirms nor refuses what may still come', async () => {
      expect(await payment.send(hold.order, 'confirm')).toMatchObject({
        status: 503,
        body: { code: 'hold_pending' },
      });
      expect(await hold.ask('try')).toBe('held');
      expect(await hold.ask('confirm')).toBe('confirmed');
    });

    it('is given up by itself, and a try that comes after that is refused', async () => {
      await hold.isForgotten('voided');
      expect(await hold.ask('try')).toBe('already_compensated');
      expect(await hold.ask('confirm')).toBe('already_compensated');
      expect(await hold.standing()).toEqual(NOTHING);
    });
  });

  describe('when the process dies after the provider has authorised', () => {
    beforeEach(async () => {
      payment.provider().after.authorise = dies;
      await crashIn('try');
      expect(await hold.standing()).toEqual(HELD);
    });

    it('finds the authorisation on a retry and holds nothing more', async () => {
      expect(await hold.ask('try')).toBe('held');
      expect(await hold.ask('try')).toBe('held again');
      expect(await hold.standing()).toEqual(HELD);
      expect(payment.provider().calls.authorise).toBe(0);
    });

    it('finds it when it is asked what became of it, and can be confirmed then', async () => {
      expect(await hold.state()).toBe('held');
      expect(await hold.ask('confirm')).toBe('confirmed');
      expect(await hold.standing()).toEqual(TAKEN);
    });

    it('voids it without ever having known of it', async () => {
      expect(await hold.ask('cancel')).toBe('undone');
      expect(await hold.standing()).toEqual(NOTHING);
      expect(await hold.ask('try')).toBe('already_compensated');
    });

    it('voids it by itself when nobody comes back, and refuses whoever comes after that', async () => {
      await hold.isForgotten('expired');
      expect(await hold.standing()).toEqual(NOTHING);
      expect(await hold.ask('try')).toBe('hold_expired');
      expect(await hold.ask('confirm')).toBe('hold_expired');
      expect(await hold.ask('cancel')).toBe('undone');
      expect(await hold.standing()).toEqual(NOTHING);
    });
  });

  describe('when the process dies before the capture reaches the provider', () => {
    beforeEach(async () => {
      await hold.ask('try');
      payment.provider().before.capture = dies;
      await crashIn('confirm');
      expect(await hold.standing()).toEqual(HELD);
      expect(await hold.state()).toBe('capturing');
    });

    it('captures once on a retry', async () => {
      expect(await hold.ask('confirm')).toBe('confirmed');
      expect(await hold.ask('confirm')).toBe('confirmed again');
      expect(await hold.standing()).toEqual(TAKEN);
    });

    it('captures once under another key', async () => {
      expect(await hold.ask('confirm', '-other')).toBe('confirmed');
      expect(await hold.ask('confirm')).toBe('confirmed');
      expect(await hold.standing()).toEqual(TAKEN);
      expect(payment.provider().calls.capture).toBe(1);
    });

    it('is not cancelled any more', async () => {
      expect(await hold.ask('cancel')).toBe('hold_confirmed');
      expect(await hold.standing()).toEqual(HELD);
    });

    it('is reversed, and no confirm comes after that', async () => {
      expect(await hold.ask('reverse')).toBe('undone');
      expect(await hold.ask('confirm')).toBe('already_compensated');
      expect(await hold.standing()).toEqual(NOTHING);
    });

    it('takes no money that nobody asks for again: it is voided by itself, and the confirm refused', async () => {
      await hold.isForgotten('expired');
      expect(await hold.standing()).toEqual(NOTHING);
      expect(await hold.ask('confirm')).toBe('hold_expired');
      expect(await hold.ask('confirm')).toBe('hold_expired again');
    });
  });

  describe('when the process dies after the provider has captured', () => {
    beforeEach(async () => {
      await hold.ask('try');
      payment.provider().after.capture = dies;
      await crashIn('confirm');
      expect(await hold.standing()).toEqual(TAKEN);
    });

    it('finds it captured on a retry and takes nothing more', async () => {
      expect(await hold.ask('confirm')).toBe('confirmed');
      expect(await hold.standing()).toEqual(TAKEN);
    });

    it('refunds it on a reversal', async () => {
      expect(await hold.ask('reverse')).toBe('undone');
      expect(await hold.ask('confirm')).toBe('already_compensated');
      expect(await hold.standing()).toEqual(NOTHING);
    });

    it('is found by the clean-up, which records it and gives nothing back', async () => {
      await hold.isForgotten('charged');
      expect(await hold.standing()).toEqual(TAKEN);
      expect(await hold.ask('cancel')).toBe('hold_confirmed');
      expect(await hold.ask('confirm')).toBe('confirmed');
    });
  });

  describe.each([
    ['before', HELD],
    ['after', NOTHING],
  ] as const)('when the process dies %s the provider has voided', (when, left) => {
    beforeEach(async () => {
      await hold.ask('try');
      payment.provider()[when].void = dies;
      await crashIn('cancel');
      expect(await hold.standing()).toEqual(left);
      expect(await hold.state()).toBe('reversing');
    });

    it('voids once on a retry', async () => {
      expect(await hold.ask('cancel')).toBe('undone');
      expect(await hold.standing()).toEqual(NOTHING);
    });

    it('confirms nothing any more, and holds nothing either', async () => {
      expect(await hold.ask('confirm')).toBe('already_compensated');
      expect(await hold.ask('try')).toBe('already_compensated');
      expect(payment.provider().calls).toMatchObject({ capture: 0, authorise: 0 });
    });

    it('has its cancel finished by the clean-up when nobody comes back', async () => {
      await hold.isForgotten('reversed');
      expect(await hold.standing()).toEqual(NOTHING);
      expect(await hold.ask('cancel')).toBe('undone');
    });
  });

  describe.each([
    ['before', TAKEN],
    ['after', NOTHING],
  ] as const)('when the process dies %s the provider has refunded', (when, left) => {
    it('refunds once on a retry', async () => {
      await hold.ask('try');
      await hold.ask('confirm');
      payment.provider()[when].refund = dies;
      await crashIn('reverse');
      expect(await hold.standing()).toEqual(left);
      expect(await hold.ask('reverse')).toBe('undone');
      expect(await hold.ask('reverse', '-other')).toBe('undone');
      expect(await hold.standing()).toEqual(NOTHING);
      expect(await hold.ask('confirm')).toBe('confirmed again');
    });
  });

  describe.each(['before', 'after'] as const)('when the clean-up dies %s the provider has voided', (when) => {
    it('is finished by the next one, and never confirmed meanwhile', async () => {
      await hold.ask('try');
      const gate = new Gate();
      payment.provider()[when].void = async () => {
        await gate.pass();
        dies();
      };
      await payment.timePasses(hold.order);
      await gate.reached;
      expect(await hold.ask('confirm')).toBe('hold_expired');
      payment.provider()[when] = {};
      gate.open();
      await eventually(
        () => hold.state(),
        (now) => now === 'expired',
        'the hold has expired',
      );
      expect(await hold.standing()).toEqual(NOTHING);
    });
  });
});
