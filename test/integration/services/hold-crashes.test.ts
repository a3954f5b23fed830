import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually';
import { onEachDatabase } from '../../support/services';
import { dies, Gate } from '../../support/services-faulty-provider';
import type { TccRequest } from '../../support/services-participants';
import { ParticipantUnderTest, PAYMENT, wordOf } from '../../support/services-participants';

const HELD = { held: 5998, taken: 0 };
const TAKEN = { held: 0, taken: 5998 };
const NOTHING = { held: 0, taken: 0 };

onEachDatabase((database) => {
  let payment: ParticipantUnderTest;
  let order = '';
  let orders = 0;
  beforeAll(async () => {
    const config = await database.freshConfig({
      PAYMENT_PROVIDER_TIMEOUT_MS: '20000',
      TCC_HOLD_SWEEP_INTERVAL_MS: '20',
    });
    payment = await ParticipantUnderTest.open(PAYMENT, config);
  });
  afterAll(() => payment.stop());
  beforeEach(() => {
    order = `o-${String((orders += 1))}`;
  });

  const ask = async (request: TccRequest, suffix = '') =>
    wordOf(await payment.send(order, request, { suffix }));
  const standing = () => payment.standing(order);
  const state = async () =>
    (await payment.get(`/payments/by-key/${encodeURIComponent(`${order}/try`)}`)).body['state'];
  /** A request in which the process dies, and the process that comes after it. */
  const crashIn = async (request: TccRequest) => {
    expect((await payment.send(order, request)).status).toBe(500);
    await payment.restart();
  };
  /** The coordinator never comes back; the service's own clean-up does what is left to do. */
  const isForgotten = async (end: string) => {
    await payment.timePasses(order);
    await eventually(state, (now) => now === end, `the hold is ${end}`);
  };

  describe('when the process dies before the authorisation reaches the provider', () => {
    beforeEach(async () => {
      payment.provider().before.authorise = dies;
      await crashIn('try');
      expect(await standing()).toEqual(NOTHING);
      expect(await state()).toBe('intent');
    });

    it('authorises once on a retry, after asking', async () => {
      expect(await ask('try')).toBe('held');
      expect(await standing()).toEqual(HELD);
      expect(payment.provider().calls).toMatchObject({ lookup: 2, authorise: 1 });
    });

    it('keeps a cancel from being overtaken by the authorisation', async () => {
      expect(await ask('cancel')).toBe('nothing_to_undo');
      expect(await ask('try')).toBe('already_compensated');
      expect(await standing()).toEqual(NOTHING);
    });

    it('neither confirms nor refuses what may still come', async () => {
      expect(await payment.send(order, 'confirm')).toMatchObject({
        status: 503,
        body: { code: 'hold_pending' },
      });
      expect(await ask('try')).toBe('held');
      expect(await ask('confirm')).toBe('confirmed');
    });

    it('is given up by itself, and a try that comes after that is refused', async () => {
      await isForgotten('voided');
      expect(await ask('try')).toBe('already_compensated');
      expect(await ask('confirm')).toBe('already_compensated');
      expect(await standing()).toEqual(NOTHING);
    });
  });

  describe('when the process dies after the provider has authorised', () => {
    beforeEach(async () => {
      payment.provider().after.authorise = dies;
      await crashIn('try');
      expect(await standing()).toEqual(HELD);
    });

    it('finds the authorisation on a retry and holds nothing more', async () => {
      expect(await ask('try')).toBe('held');
      expect(await ask('try')).toBe('held again');
      expect(await standing()).toEqual(HELD);
      expect(payment.provider().calls.authorise).toBe(0);
    });

    it('finds it when it is asked what became of it, and can be confirmed then', async () => {
      expect(await state()).toBe('held');
      expect(await ask('confirm')).toBe('confirmed');
      expect(await standing()).toEqual(TAKEN);
    });

    it('voids it without ever having known of it', async () => {
      expect(await ask('cancel')).toBe('undone');
      expect(await standing()).toEqual(NOTHING);
      expect(await ask('try')).toBe('already_compensated');
    });

    it('voids it by itself when nobody comes back, and refuses whoever comes after that', async () => {
      await isForgotten('expired');
      expect(await standing()).toEqual(NOTHING);
      expect(await ask('try')).toBe('hold_expired');
      expect(await ask('confirm')).toBe('hold_expired');
      expect(await ask('cancel')).toBe('undone');
      expect(await standing()).toEqual(NOTHING);
    });
  });

  describe('when the process dies before the capture reaches the provider', () => {
    beforeEach(async () => {
      await ask('try');
      payment.provider().before.capture = dies;
      await crashIn('confirm');
      expect(await standing()).toEqual(HELD);
      expect(await state()).toBe('capturing');
    });

    it('captures once on a retry', async () => {
      expect(await ask('confirm')).toBe('confirmed');
      expect(await ask('confirm')).toBe('confirmed again');
      expect(await standing()).toEqual(TAKEN);
    });

    it('captures once under another key', async () => {
      expect(await ask('confirm', '-other')).toBe('confirmed');
      expect(await ask('confirm')).toBe('confirmed');
      expect(await standing()).toEqual(TAKEN);
      expect(payment.provider().calls.capture).toBe(1);
    });

    it('is not cancelled any more', async () => {
      expect(await ask('cancel')).toBe('hold_confirmed');
      expect(await standing()).toEqual(HELD);
    });

    it('is reversed, and no confirm comes after that', async () => {
      expect(await ask('reverse')).toBe('undone');
      expect(await ask('confirm')).toBe('already_compensated');
      expect(await standing()).toEqual(NOTHING);
    });

    it('takes no money that nobody asks for again: it is voided by itself, and the confirm refused', async () => {
      await isForgotten('expired');
      expect(await standing()).toEqual(NOTHING);
      expect(await ask('confirm')).toBe('hold_expired');
      expect(await ask('confirm')).toBe('hold_expired again');
    });
  });

  describe('when the process dies after the provider has captured', () => {
    beforeEach(async () => {
      await ask('try');
      payment.provider().after.capture = dies;
      await crashIn('confirm');
      expect(await standing()).toEqual(TAKEN);
    });

    it('finds it captured on a retry and takes nothing more', async () => {
      expect(await ask('confirm')).toBe('confirmed');
      expect(await standing()).toEqual(TAKEN);
    });

    it('refunds it on a reversal', async () => {
      expect(await ask('reverse')).toBe('undone');
      expect(await ask('confirm')).toBe('already_compensated');
      expect(await standing()).toEqual(NOTHING);
    });

    it('is found by the clean-up, which records it and gives nothing back', async () => {
      await isForgotten('charged');
      expect(await standing()).toEqual(TAKEN);
      expect(await ask('cancel')).toBe('hold_confirmed');
      expect(await ask('confirm')).toBe('confirmed');
    });
  });

  describe.each([
    ['before', HELD],
    ['after', NOTHING],
  ] as const)('when the process dies %s the provider has voided', (when, left) => {
    beforeEach(async () => {
      await ask('try');
      payment.provider()[when].void = dies;
      await crashIn('cancel');
      expect(await standing()).toEqual(left);
      expect(await state()).toBe('reversing');
    });

    it('voids once on a retry', async () => {
      expect(await ask('cancel')).toBe('undone');
      expect(await standing()).toEqual(NOTHING);
    });

    it('confirms nothing any more, and holds nothing either', async () => {
      expect(await ask('confirm')).toBe('already_compensated');
      expect(await ask('try')).toBe('already_compensated');
      expect(payment.provider().calls).toMatchObject({ capture: 0, authorise: 0 });
    });

    it('has its cancel finished by the clean-up when nobody comes back', async () => {
      await isForgotten('reversed');
      expect(await standing()).toEqual(NOTHING);
      expect(await ask('cancel')).toBe('undone');
    });
  });

  describe.each([
    ['before', TAKEN],
    ['after', NOTHING],
  ] as const)('when the process dies %s the provider has refunded', (when, left) => {
    it('refunds once on a retry', async () => {
      await ask('try');
      await ask('confirm');
      payment.provider()[when].refund = dies;
      await crashIn('reverse');
      expect(await standing()).toEqual(left);
      expect(await ask('reverse')).toBe('undone');
      expect(await ask('reverse', '-other')).toBe('undone');
      expect(await standing()).toEqual(NOTHING);
      expect(await ask('confirm')).toBe('confirmed again');
    });
  });

  describe.each(['before', 'after'] as const)('when the clean-up dies %s the provider has voided', (when) => {
    it('is finished by the next one, and never confirmed meanwhile', async () => {
      await ask('try');
      const gate = new Gate();
      payment.provider()[when].void = async () => {
        await gate.pass();
        dies();
      };
      await payment.timePasses(order);
      await gate.reached;
      expect(await ask('confirm')).toBe('hold_expired');
      payment.provider()[when] = {};
      gate.open();
      await eventually(state, (now) => now === 'expired', 'the hold has expired');
      expect(await standing()).toEqual(NOTHING);
    });
  });

  describe('when requests meet at the provider', () => {
    it('has it refuse the authorisation that arrives after the void', async () => {
      const gate = new Gate();
      payment.provider().before.authorise = gate.pass;
      const held = ask('try');
      await gate.reached;
      expect(await ask('cancel')).toBe('nothing_to_undo');
      gate.open();
      expect(await held).toBe('already_compensated');
      expect(await standing()).toEqual(NOTHING);
      await payment.restart();
    });

    it('voids what was authorised and not yet answered', async () => {
      const gate = new Gate();
      payment.provider().after.authorise = gate.pass;
      const held = ask('try');
      await gate.reached;
      expect(await ask('cancel')).toBe('undone');
      gate.open();
      expect(await held).toBe('already_compensated');
      expect(await standing()).toEqual(NOTHING);
      await payment.restart();
    });

    it.each(['before', 'after'] as const)('reverses a capture that is under way, %s it', async (when) => {
      await ask('try');
      const gate = new Gate();
      payment.provider()[when].capture = gate.pass;
      const confirmed = ask('confirm');
      await gate.reached;
      expect(await ask('cancel')).toBe('hold_confirmed');
      expect(await ask('reverse')).toBe('undone');
      gate.open();
      expect(await confirmed).toBe('already_compensated');
      expect(await standing()).toEqual(NOTHING);
      await payment.restart();
    });

    it('refuses a confirm whose capture arrives after the void of the clean-up', async () => {
      await ask('try');
      const gate = new Gate();
      payment.provider().before.capture = gate.pass;
      const confirmed = ask('confirm');
      await gate.reached;
      await isForgotten('expired');
      gate.open();
      expect(await confirmed).toBe('hold_expired');
      expect(await standing()).toEqual(NOTHING);
      await payment.restart();
    });

    it('confirms what was captured before the void of the clean-up', async () => {
      await ask('try');
      const gate = new Gate();
      payment.provider().after.capture = gate.pass;
      const confirmed = ask('confirm');
      await gate.reached;
      await isForgotten('charged');
      gate.open();
      expect(await confirmed).toBe('confirmed');
      expect(await standing()).toEqual(TAKEN);
      await payment.restart();
    });

    it('leaves what a reversal has begun to refund to that reversal', async () => {
      await ask('try');
      payment.provider().after.capture = dies;
      expect((await payment.send(order, 'confirm')).status).toBe(500);
      payment.provider().before.refund = dies;
      await crashIn('reverse');
      await payment.timePasses(order);
      await eventually(
        () => payment.endOf(order),
        (end) => end === null,
        'the clean-up has looked, once and for all',
      );
      expect(await ask('cancel')).toBe('hold_confirmed');
      expect(await standing()).toEqual(TAKEN);
      expect(await ask('reverse')).toBe('undone');
      expect(await standing()).toEqual(NOTHING);
    });
  });
});
