import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { OrderView } from '../../src/domain/order';
import { openOrders } from '../../src/orders/open-orders';
import type { Orders } from '../../src/orders/open-orders';
import { noTracer } from '../../src/cli/session';
import { AmbushProxy, MOMENTS } from '../support/ambush-proxy';
import type { Moment, PassingRequest } from '../support/ambush-proxy';
import { eventually } from '../support/eventually';
import { sampleOrder } from '../support/orders';
import { TestStack } from '../support/stack';
import { startParts } from '../support/stack-processes';
import type { TsProcess } from '../support/ts-process';

type Participant = 'inventory' | 'payment';
const VICTIMS = ['inventory', 'payment', 'worker'] as const;
type Victim = (typeof VICTIMS)[number];
type Phase = 'holds' | 'confirmations' | 'cancellations';

/** What a hold lasts: longer than an order needs, shorter than a worker takes to come back. */
const HOLD_TTL_MS = 4_000;
const SETTINGS = {
  TCC_HOLD_TTL_MS: String(HOLD_TTL_MS),
  TCC_HOLD_SWEEP_INTERVAL_MS: '100',
  // An attempt that a dead worker had costs this.
  SAGA_STEP_TIMEOUT_MS: '2000',
  SAGA_COMPENSATION_TIMEOUT_MS: '2000',
  WORKER_STICKY_TIMEOUT_MS: '500',
  SAGA_STEP_BACKOFF_MAX_MS: '250',
  SAGA_COMPENSATION_BACKOFF_MAX_MS: '250',
  SAGA_STEP_MAX_ATTEMPTS: '200',
  SAGA_COMPENSATION_MAX_ATTEMPTS: '1000',
};

const NAMES = {
  call: 'before the call',
  effect: 'after the effect, before the reply',
  reply: 'after the reply',
};
const PARTS: readonly (readonly [Participant, Phase])[] = [
  ['inventory', 'holds'],
  ['payment', 'holds'],
  ['inventory', 'confirmations'],
  ['payment', 'confirmations'],
  ['payment', 'cancellations'],
  ['inventory', 'cancellations'],
];
const CASES = PARTS.flatMap(([participant, phase]) =>
  MOMENTS.map((moment) => [participant, phase, NAMES[moment], moment] as const),
);

/** Each case loses its worker in one run of the tests and its participant in the next; `TCC_KILLED=all`: both. */
const PARITY = Number(process.env['TCC_KILLED_SEED'] ?? Date.now()) % 2;
const casesOf = (parity: number) =>
  process.env['TCC_KILLED'] === 'all' ? CASES : CASES.filter((_, index) => index % 2 === parity);

describe(`a TCC transaction of which somebody is killed (SIGKILL) at the boundary of a phase (TCC_KILLED_SEED=${String(PARITY)})`, () => {
  const proxies = {} as Record<Participant, AmbushProxy>;
  const running = new Map<Victim, TsProcess>();
  let stack: TestStack;
  let orders: Orders;
  /** Whose tries come to an end soon. */
  let hasty: Orders;

  const start = async (name: Victim) => {
    const [part] = await startParts(stack, [name]);
    running.set(name, part!);
  };
  const kill = async (name: Victim) => {
    const part = running.get(name);
    running.delete(name);
    part?.signal('SIGKILL');
    expect(await part?.ended).toBe('SIGKILL');
  };

  beforeAll(async () => {
    proxies.inventory = await AmbushProxy.start();
    proxies.payment = await AmbushProxy.start();
    const urls = { INVENTORY_SERVICE_URL: proxies.inventory.url, PAYMENT_SERVICE_URL: proxies.payment.url };
    stack = await TestStack.start({ ...SETTINGS, ...urls }, ['order', 'shipping']);
    const { services, policies } = stack.config;
    for (const name of ['inventory', 'payment'] as const) {
      proxies[name].target = `http://127.0.0.1:${String(services[name].port)}`;
    }
    orders = await stack.openOrders();
    const impatient = { ...policies, overrides: { try_payment: { maxAttempts: 2 } } };
    const options = { environment: stack.environment, requestTimeoutMs: 60_000 };
    hasty = await openOrders({ ...stack.config, policies: impatient }, { tracer: noTracer() }, options);
  });
  beforeEach(async () => {
    // All of them the first time; later none, unless a test has failed in between.
    await Promise.all(VICTIMS.filter((name) => !running.has(name)).map(start));
  });
  afterAll(async () => {
    await Promise.all([orders.close(), hasty.close()]);
    await Promise.all([...running.values()].map((part) => part.dispose()));
    await stack.stop();
    await Promise.all([proxies.inventory.stop(), proxies.payment.stop()]);
  });

  /** Runs an order until `victim` is dead. */
  const ambushed = async (
    participant: Participant,
    phase: Phase,
    moment: Moment,
    victim: Victim,
  ): Promise<string> => {
    const isThat = ({ route }: PassingRequest) => route === `POST /${phase}`;
    const struck = proxies[participant].strikeOnce(isThat, moment, async () => {
      await kill(victim);
      return 'is lost';
    });
    // A payment that never answers is one whose holds are cancelled.
    const isCancelled = phase === 'cancellations';
    const method = isCancelled ? 'pm_card_timeout' : 'pm_card_visa';
    const order = sampleOrder({ transaction: 'tcc', payment: { method } });
    const { orderId } = await (isCancelled ? hasty : orders).orders.start(order);
    await struck;
    return orderId;
  };

  const onHold = async () => {
    const { stock, money } = await orders.audit();
    return money.held + stock.reduce((sum, { reserved }) => sum + reserved, 0);
  };
  const outcomeOf = async (orderId: string): Promise<string> => {
    const view = await orders.orders.waitForOutcome(orderId, { timeoutMs: 120_000 });
    return view === undefined ? 'no end' : endOf(view);
  };
  const expectNothingLeft = async () => {
    const { violations } = await orders.audit();
    expect(violations).toEqual([]);
    expect(await onHold()).toBe(0);
  };

  it.each(casesOf(PARITY))(
    'loses its worker at %s /%s %s: the holds end by themselves, and the order as it must',
    async (participant, phase, _, moment) => {
      const orderId = await ambushed(participant, phase, moment, 'worker');
      try {
        // Nobody coordinates: the participants' own clocks do.
        await eventually(onHold, (units) => units === 0, 'nothing is on hold', 30_000);
      } finally {
        await start('worker');
      }
      expect(endsWithoutHolds(participant, phase, moment)).toContain(await outcomeOf(orderId));
      await expectNothingLeft();
    },
  );

  it.each(casesOf(1 - PARITY))(
    'loses its participant at %s /%s %s: the order comes to an end, and nothing stays on hold',
    async (participant, phase, _, moment) => {
      const orderId = await ambushed(participant, phase, moment, participant);
      await start(participant);
      // Its hold may have ended before it was back.
      const possible = phase === 'cancellations' ? [UNDONE] : ['completed', ...EXPIRED];
      expect(possible).toContain(await outcomeOf(orderId));
      await eventually(onHold, (units) => units === 0, 'nothing is on hold', 30_000);
      await expectNothingLeft();
    },
  );
});

const UNDONE = 'failed payment_unavailable at try_payment';
const EXPIRED = ['try_inventory', 'try_payment', 'confirm_inventory', 'confirm_payment'].map(
  (step) => `failed hold_expired at ${step}`,
);

function endOf({ status, failure }: OrderView): string {
  return failure === undefined ? status : `${status} ${failure.code} at ${String(failure.step)}`;
}

/**
 * How the order may end whose worker comes back only after everything that was on hold has ended. Whether a reply that
 * was out had reached Temporal when the worker died, nobody knows.
 */
function endsWithoutHolds(participant: Participant, phase: Phase, moment: Moment): string[] {
  const had = moment !== 'call';
  const known = moment === 'reply' ? ['failed hold_expired at confirm_inventory'] : [];
  switch (`${phase} of ${participant}`) {
    case 'holds of inventory':
      // The try is asked for again under its key, and has had its time.
      return had ? ['failed hold_expired at try_inventory', ...known] : ['completed'];
    case 'holds of payment':
      return had
        ? ['failed hold_expired at try_payment', ...known]
        : ['failed hold_expired at confirm_inventory'];
    case 'confirmations of inventory':
      return [`failed hold_expired at ${had ? 'confirm_payment' : 'confirm_inventory'}`];
    case 'confirmations of payment':
      return [had ? 'completed' : 'failed hold_expired at confirm_payment'];
    default:
      return [UNDONE];
  }
}
