import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { onEachDatabase } from '../support/services';
import { dies } from '../support/services-faulty-provider';
import { AMOUNT, PaymentUnderTest } from '../support/services-payment';

const SCHEDULES = 100;

type Place = 'before charge' | 'after charge' | 'before lookup' | 'before refund' | 'after refund';

const schedules = fc.record({
  requests: fc.array(fc.constantFrom('charge', 'charge', 'refund-a', 'refund-b'), {
    minLength: 1,
    maxLength: 5,
  }),
  /** Where a process dies, once, in each wave. */
  deaths: fc.array(
    fc.constantFrom<Place>('before charge', 'after charge', 'before lookup', 'before refund', 'after refund'),
    { maxLength: 3 },
  ),
  method: fc.constantFrom('pm_card_visa', 'pm_card_visa', 'pm_card_flaky', 'pm_card_declined'),
});

onEachDatabase((database) => {
  let processes: [PaymentUnderTest, PaymentUnderTest];
  beforeAll(async () => {
    const config = await database.freshConfig({ PAYMENT_PROVIDER_TIMEOUT_MS: '20000' });
    processes = await Promise.all([PaymentUnderTest.start(config), PaymentUnderTest.start(config)]);
  });
  afterAll(() => Promise.all(processes.map((payment) => payment.stop())));

  let orders = 0;

  it(`keeps the amount once or nothing at all, in ${String(SCHEDULES)} concurrent schedules with crashes`, async () => {
    await fc.assert(
      fc.asyncProperty(schedules, async ({ requests, deaths, method }) => {
        const order = `o-${String((orders += 1))}`;
        const [one, two] = processes;
        arm(one, deaths);
        const fire = (request: string, payment: PaymentUnderTest) =>
          request === 'charge' ? payment.charge(order, method) : payment.refund(order, `${order}/${request}`);
        await Promise.all(requests.map((request, index) => fire(request, index % 2 === 0 ? one : two)));
        arm(one, []);

        // Faults have stopped: whoever asked goes on asking until there is an answer.
        const refunds = requests.filter((request) => request !== 'charge');
        for (const request of refunds) expect((await fire(request, two)).status).toBe(200);
        let last = await fire('charge', two);
        for (let attempt = 0; last.status === 503 && attempt < 3; attempt += 1)
          last = await fire('charge', two);

        const money = await two.money(order);
        expect(money?.charged ?? 0).toBeLessThanOrEqual(AMOUNT.value);
        const kept = (money?.charged ?? 0) - (money?.refunded ?? 0);
        const declined = method === 'pm_card_declined';
        expect(kept).toBe(refunds.length > 0 || declined ? 0 : AMOUNT.value);
        expect(last.status).toBe(
          refunds.length === 0 && !declined ? 201 : declined && last.status === 402 ? 402 : 409,
        );
      }),
      { numRuns: SCHEDULES },
    );
  });
});

/** Each death comes once: the process that takes over is not unlucky in the same place. */
function arm(payment: PaymentUnderTest, deaths: readonly Place[]): void {
  payment.provider.before = {};
  payment.provider.after = {};
  for (const place of deaths) {
    const [when, call] = place.split(' ') as ['before' | 'after', 'charge' | 'lookup' | 'refund'];
    let alive = true;
    payment.provider[when][call] = () => {
      if (!alive) return;
      alive = false;
      dies();
    };
  }
}
