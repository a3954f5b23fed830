import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually';
import { onEachDatabase } from '../../support/services';
import { dies, Gate } from '../../support/services-faulty-provider';
import { OneHold } from '../../support/services-one-hold';
import type { ParticipantUnderTest } from '../../support/services-participants';
import { patientPayment } from '../../support/services-participants';

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

  it('has the provider refuse the authorisation that arrives after the void', async () => {
    const gate = new Gate();
    payment.provider().before.authorise = gate.pass;
    const held = hold.ask('try');
    await gate.reached;
    expect(await hold.ask('cancel')).toBe('nothing_to_undo');
    gate.open();
    expect(await held).toBe('already_compensated');
    expect(await hold.standing()).toEqual(NOTHING);
    await payment.restart();
  });

  it('has the provider refuse the last attempt at an authorisation whose void came before it', async () => {
    const attempt = () => payment.send(hold.order, 'try', { method: 'pm_card_flaky' });
    for (let failures = 0; failures < 2; failures += 1) expect((await attempt()).status).toBe(503);
    const gate = new Gate();
    payment.provider().before.authorise = gate.pass;
    const last = attempt();
    await gate.reached;
    expect(await hold.ask('cancel')).toBe('nothing_to_undo');
    gate.open();
    expect((await last).body['code']).toBe('already_compensated');
    expect(await hold.standing()).toEqual(NOTHING);
    await payment.restart();
  });

  it('voids what was authorised and not yet answered', async () => {
    const gate = new Gate();
    payment.provider().after.authorise = gate.pass;
    const held = hold.ask('try');
    await gate.reached;
    expect(await hold.ask('cancel')).toBe('undone');
    gate.open();
    expect(await held).toBe('already_compensated');
    expect(await hold.standing()).toEqual(NOTHING);
    await payment.restart();
  });

  it.each(['before', 'after'] as const)('reverses a capture that is under way, %s it', async (when) => {
    await hold.ask('try');
    const gate = new Gate();
    payment.provider()[when].capture = gate.pass;
    const confirmed = hold.ask('confirm');
    await gate.reached;
    expect(await hold.ask('cancel')).toBe('hold_confirmed');
    expect(await hold.ask('reverse')).toBe('undone');
    gate.open();
    expect(await confirmed).toBe('already_compensated');
    expect(await hold.standing()).toEqual(NOTHING);
    await payment.restart();
  });

  it('refuses a confirm whose capture arrives after the void of the clean-up', async () => {
    await hold.ask('try');
    const gate = new Gate();
    payment.provider().before.capture = gate.pass;
    const confirmed = hold.ask('confirm');
    await gate.reached;
    await hold.isForgotten('expired');
    gate.open();
    expect(await confirmed).toBe('hold_expired');
    expect(await hold.standing()).toEqual(NOTHING);
    await payment.restart();
  });

  it('confirms what was captured before the void of the clean-up', async () => {
    await hold.ask('try');
    const gate = new Gate();
    payment.provider().after.capture = gate.pass;
    const confirmed = hold.ask('confirm');
    await gate.reached;
    await hold.isForgotten('charged');
    gate.open();
    expect(await confirmed).toBe('confirmed');
    expect(await hold.standing()).toEqual(TAKEN);
    await payment.restart();
  });

  it('leaves what a reversal has begun to refund to that reversal', async () => {
    await hold.ask('try');
    payment.provider().after.capture = dies;
    expect((await payment.send(hold.order, 'confirm')).status).toBe(500);
    payment.provider().before.refund = dies;
    expect((await payment.send(hold.order, 'reverse')).status).toBe(500);
    await payment.restart();
    await payment.timePasses(hold.order);
    await eventually(
      () => payment.endOf(hold.order),
      (end) => end === null,
      'the clean-up has looked, once and for all',
    );
    expect(await hold.ask('cancel')).toBe('hold_confirmed');
    expect(await hold.standing()).toEqual(TAKEN);
    expect(await hold.ask('reverse')).toBe('undone');
    expect(await hold.standing()).toEqual(NOTHING);
  });
});
