import type { OrderStatus, OrderView } from '../domain/order';
import type { CompensationName } from '../domain/steps';
import { OperatorActionRefusedError, OrderInterruptedError, OrderNotFoundError } from './errors';
import { forEachBounded } from './for-each-bounded';
import type { OrderClient } from './order-client';

export interface RetryWaitingOptions {
  readonly by: string;
  /** For the record. */
  readonly reason?: string | undefined;
  /** Only this undo. @default all that wait */
  readonly step?: CompensationName | undefined;
  /** Longest wait for what became of one order, ms. */
  readonly timeoutMs: number;
  /** Told of each order when it is known, or its time is over. */
  readonly onOrder?: (order: RetriedOrder) => void;
}

/** What became of one order. */
export interface RetriedOrder {
  readonly orderId: string;
  /**
   * `settled`: it is over. `waiting`: something could not be undone again. `working`: it was still at work when its time
   * was over. `gone`: its workflow was interrupted, or forgotten, meanwhile: `error` says how.
   */
  readonly result: 'settled' | 'waiting' | 'working' | 'gone';
  readonly status?: OrderStatus;
  /** Of `waiting`: what waits, and why. */
  readonly waiting?: readonly { readonly step: CompensationName; readonly error?: string }[];
  readonly error?: string;
}

/** Orders at a time: a service that has just come back is not to be brought down again. */
const CONCURRENCY = 8;

/**
 * Has each of the orders try again what it waits with, and tells what became of it; in the order that was given.
 *
 * Doing so again does no harm: the same wait is ended once, by whoever comes first, and an order that somebody has
 * settled meanwhile is left alone.
 *
 * @throws `TemporalUnavailableError`, `NoWorkerError`: then some were tried, and doing it again tries the others.
 */
export async function retryWaiting(
  orders: Pick<OrderClient, 'retryCompensation' | 'waitForOutcome'>,
  waiting: readonly OrderView[],
  options: RetryWaitingOptions,
): Promise<RetriedOrder[]> {
  const results = new Map<string, RetriedOrder>();
  await forEachBounded(
    waiting,
    async (order) => {
      const retried = await retryOne(orders, order, options);
      results.set(order.orderId, retried);
      options.onOrder?.(retried);
    },
    CONCURRENCY,
  );
  return waiting.flatMap(({ orderId }) => results.get(orderId) ?? []);
}

async function retryOne(
  orders: Pick<OrderClient, 'retryCompensation' | 'waitForOutcome'>,
  order: OrderView,
  { by, reason, step, timeoutMs }: RetryWaitingOptions,
): Promise<RetriedOrder> {
  const { orderId } = order;
  const request = { by, ...(reason !== undefined && { reason }), ...(step !== undefined && { step }) };
  try {
    await orders.retryCompensation(orderId, request, { actionId: actionIdOf(order, step) }).catch(settled);
    const outcome = await orders.waitForOutcome(orderId, { timeoutMs });
    if (outcome === undefined) return { orderId, result: 'working' };
    const { status } = outcome;
    if (status !== 'needs_attention') return { orderId, result: 'settled', status };
    return { orderId, result: 'waiting', status, waiting: whatWaits(outcome) };
  } catch (error) {
    if (!(error instanceof OrderInterruptedError) && !(error instanceof OrderNotFoundError)) throw error;
    return { orderId, result: 'gone', error: error.message };
  }
}

/** Somebody was quicker: what the order has come to says the rest. @throws any other error */
function settled(error: unknown): void {
  if (!(error instanceof OperatorActionRefusedError)) throw error;
}

/** The same for the same wait; one that has failed again is another wait, with more attempts. */
function actionIdOf({ compensations }: OrderView, step: CompensationName | undefined): string {
  const waits = compensations
    .filter((one) => one.state === 'failed' && (step === undefined || one.step === step))
    .map((one) => `${one.step}.${String(one.attempts)}`);
  return `retry-all/${waits.join('/')}`;
}

function whatWaits({ compensations }: OrderView): NonNullable<RetriedOrder['waiting']> {
  return compensations
    .filter(({ state }) => state === 'failed')
    .map(({ step, error }) => ({ step, ...(error !== undefined && { error }) }));
}
