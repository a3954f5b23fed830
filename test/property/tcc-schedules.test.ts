import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventually } from '../support/eventually';
import type { HttpAnswer } from '../support/services';
import { onEachDatabase } from '../support/services';
import type { FaultyProvider } from '../support/services-faulty-provider';
import { dies } from '../support/services-faulty-provider';
import type { TccRequest } from '../support/services-participants';
import { INVENTORY, ParticipantUnderTest, PAYMENT, wordOf } from '../support/services-participants';

/** `TCC_SCHEDULES=5000 npx jest test/property/tcc-schedules` takes minutes. */
const SCHEDULES = Number(process.env['TCC_SCHEDULES'] ?? 200);
/** Orders whose schedules run at the same time. */
const BATCH = 25;

/** One event of a schedule: a request by one of two processes, under one of two keys, or the end of the hold's time. */
interface Shot {
  readonly event: TccRequest | 'time passes';
  readonly process: 0 | 1;
  readonly suffix: '' | '-b';
}
type Schedule = readonly Shot[];
/** Where a payment process dies, once. */
type Death = `${'before' | 'after'} ${'authorise' | 'lookup' | 'capture' | 'void' | 'refund'}`;

const shots = fc.record<Shot>({
  event: fc.constantFrom(
    'try',
    'try',
    'try',
    'confirm',
    'confirm',
    'cancel',
    'cancel',
    'reverse',
    'time passes',
  ),
  process: fc.constantFrom(0, 1),
  suffix: fc.constantFrom('', '', '-b'),
});
const schedules = fc
  .array(shots, { minLength: 2, maxLength: 6 })
  .filter((schedule) => schedule.some(({ event }) => event !== 'time passes'));
const batches = fc.record({
  schedules: fc.array(schedules, {
    minLength: BATCH,
    maxLength: BATCH,
  }),
  deaths: fc.array(
    fc.constantFrom<Death>(
      'before authorise',
      'after authorise',
      'before lookup',
      'before capture',
      'after capture',
      'before void',
      'after void',
      'before refund',
      'after refund',
    ),
    { maxLength: 4 },
  ),
});

onEachDatabase((database) => {
  describe.each([INVENTORY, PAYMENT])('the holds of $name', (kind) => {
    let participant: ParticipantUnderTest;
    beforeAll(async () => {
      const config = await database.freshConfig({
        PAYMENT_PROVIDER_TIMEOUT_MS: '20000',
        // Both processes clean up all the time, and so at the same time.
        TCC_HOLD_SWEEP_INTERVAL_MS: '20',
      });
      participant = await ParticipantUnderTest.open(kind, config, 2);
    });
    afterAll(() => participant.stop());

    let orders = 0;

    it(`are taken once or not at all, in ${String(SCHEDULES)} concurrent schedules`, async () => {
      await fc.assert(
        // Not shrunk: what failed by its timing fails in no smaller batch.
        fc.asyncProperty(fc.noShrink(batches), async ({ schedules, deaths }) => {
          const batch = schedules.map((schedule) => ({ schedule, order: `o-${String((orders += 1))}` }));
          if (kind === PAYMENT) arm(participant.provider(), deaths);
          const answers = await Promise.all(batch.map((one) => fireAtOnce(participant, one)));
          if (kind === PAYMENT) arm(participant.provider(), []);
          await Promise.all(
            batch.map(async (one, n) => {
              const sent = [...answers[n]!];
              try {
                sent.push(...(await settle(participant, one)));
                await assertSettled(participant, one, sent);
              } catch (error) {
                throw new Error(`not as it should be: ${describeRun(one, sent)}`, { cause: error });
              }
            }),
          );
        }),
        { numRuns: Math.ceil(SCHEDULES / BATCH) },
      );
    });

    if (kind === INVENTORY) {
      it('leave as much sold and reserved as reservations stand for', async () => {
        const { stock, sold, reserved } = await stockAndReservations(participant);
        expect(stock.sold.size).toBeGreaterThan(0);
        expect(sold).toEqual(stock.sold);
        expect(reserved).toEqual(stock.reserved);
      });
    }
  });
});

interface Sent {
  readonly event: TccRequest;
  readonly answer: HttpAnswer;
}
interface OneOrder {
  readonly order: string;
  readonly schedule: Schedule;
}

function describeRun({ schedule }: OneOrder, sent: readonly Sent[]): string {
  const shots = schedule.map(({ event, process, suffix }) => `${event}${suffix} by ${String(process)}`);
  return `${shots.join(', ')} → ${sent.map(({ event, answer }) => `${event}: ${wordOf(answer)}`).join(', ')}`;
}

async function fireAtOnce(participant: ParticipantUnderTest, { order, schedule }: OneOrder): Promise<Sent[]> {
  const sent = await Promise.all(
    schedule.map(async ({ event, ...options }) => {
      if (event !== 'time passes') return { event, answer: await participant.send(order, event, options) };
      await participant.timePasses(order);
      return undefined;
    }),
  );
  return sent.filter((one) => one !== undefined);
}

/** Faults have stopped: whoever has no answer yet asks until there is one. */
async function settle(participant: ParticipantUnderTest, { order, schedule }: OneOrder): Promise<Sent[]> {
  const sent: Sent[] = [];
  // A try that is under way is in the way of its confirm.
  const requests = schedule.filter((shot) => shot.event === 'try').concat(schedule);
  for (const { event, ...options } of requests) {
    if (event === 'time passes') continue;
    const answer = await participant.send(order, event, options);
    expect(answer.status).toBeLessThan(500);
    sent.push({ event, answer });
  }
  return sent;
}

/** What must hold whatever the order was in which the database let the requests in. */
async function assertSettled(
  participant: ParticipantUnderTest,
  { order, schedule }: OneOrder,
  sent: readonly Sent[],
): Promise<void> {
  const of = (event: TccRequest, wanted: (answer: HttpAnswer) => boolean) =>
    sent.filter((one) => one.event === event && wanted(one.answer));
  const ok = ({ status }: HttpAnswer) => status < 300;
  const refused = ({ status }: HttpAnswer) => status === 409;
  const events = new Set(schedule.map(({ event }) => event));
  const confirmed = of('confirm', ok).length > 0;
  const reversed = of('reverse', ok).length > 0;
  const cancelled = of('cancel', ok).length > 0;

  // Never confirmed and also cancelled, expired or refused, but for a reversal.
  if (confirmed && !reversed) {
    expect(of('cancel', ok)).toEqual([]);
    expect(of('confirm', refused)).toEqual([]);
  }
  if (of('cancel', refused).length > 0 && !reversed && !events.has('time passes'))
    expect(confirmed).toBe(true);
  // All that were told of success were told of the same.
  for (const event of ['try', 'cancel', 'reverse'] as const) {
    expect(new Set(of(event, ok).map(({ answer }) => JSON.stringify(answer.body))).size).toBeLessThanOrEqual(
      1,
    );
  }
  expect(of('try', ok).filter(({ answer }) => !answer.replayed).length).toBeLessThanOrEqual(1);
  // No way of failing but those of the contract: a crash, or a confirm that met its try on the way.
  for (const { event, answer } of sent) expect(CODES[event]).toContain(answer.body['code'] ?? 'none');

  if (events.size === 1 && events.has('try')) {
    expect(await participant.standing(order)).toEqual({ held: participant.amount, taken: 0 });
  }
  // The coordinator never comes back: what is held goes, what was confirmed stays.
  await participant.timePasses(order);
  const end = await eventually(
    () => participant.standing(order),
    ({ held }) => held === 0,
    `nothing of ${order} is held`,
  );
  expect(end).toEqual({ held: 0, taken: confirmed && !reversed ? participant.amount : 0 });

  // Whoever comes late changes nothing.
  const late = await participant.send(order, 'try');
  if (!confirmed || reversed) expect(late.status).toBe(409);
  if (cancelled || reversed) expect(late.body['code']).toBe('already_compensated');
  expect((await participant.send(order, 'confirm', { suffix: '-late' })).status).toBe(
    confirmed && !reversed ? 200 : 409,
  );
  expect((await participant.send(order, 'cancel', { suffix: '-late' })).status).toBe(
    confirmed && !reversed ? 409 : 200,
  );
  expect(await participant.standing(order)).toEqual(end);
}

const CODES: Readonly<Record<TccRequest, readonly string[]>> = {
  try: ['none', 'already_compensated', 'hold_expired', 'internal_error'],
  confirm: ['none', 'already_compensated', 'hold_expired', 'hold_pending', 'internal_error'],
  cancel: ['none', 'hold_confirmed', 'internal_error'],
  reverse: ['none', 'internal_error'],
};

/** Each death comes once: the process that takes over is not unlucky in the same place. */
function arm(provider: FaultyProvider, deaths: readonly Death[]): void {
  provider.before = {};
  provider.after = {};
  for (const place of deaths) {
    const [when, call] = place.split(' ') as [
      'before' | 'after',
      'authorise' | 'lookup' | 'capture' | 'void',
    ];
    let alive = true;
    provider[when][call] = () => {
      if (!alive) return;
      alive = false;
      dies();
    };
  }
}

async function stockAndReservations(participant: ParticipantUnderTest) {
  const sold = new Map<string, number>();
  const reserved = new Map<string, number>();
  const stock = { sold: new Map<string, number>(), reserved: new Map<string, number>() };
  for await (const books of participant.inventoryPages()) {
    for (const row of books.stock) {
      if (row.sold > 0) stock.sold.set(row.sku, row.sold);
      if (row.reserved > 0) stock.reserved.set(row.sku, row.reserved);
    }
    for (const { state, items } of books.reservations) {
      const totals = state === 'sold' ? sold : state === 'held' ? reserved : undefined;
      for (const { sku, quantity } of items) totals?.set(sku, (totals.get(sku) ?? 0) + quantity);
    }
  }
  return { sold, reserved, stock };
}
