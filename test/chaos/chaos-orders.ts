import type { Tracer } from '@opentelemetry/api';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OrderView, TransactionKind } from '../../src/domain/order';
import { SAMPLE_ORDER } from '../../src/domain/sample-order';
import { NoWorkerError, PastCancellingError, ServiceUnreachableError } from '../../src/orders/errors';
import type { Orders } from '../../src/orders/open-orders';
import { TemporalUnavailableError } from '../../src/orders/temporal-calls';

/** What is special about an order; the rest is as usual. */
export interface ChaosOrder {
  readonly transaction: TransactionKind;
  readonly method: string;
  /** @default DE */
  readonly country?: string;
  /** @default SKU-KEYBOARD */
  readonly sku?: string;
}

const AGAIN_AFTER_MS = 200;

/** Starts an order under a root span of its own, as `orders start` does, whatever is down just now. */
export async function startPatiently({ orders }: Orders, tracer: Tracer, input: object): Promise<void> {
  await patiently(() =>
    tracer.startActiveSpan('orders start', (span) =>
      orders.start(input).finally(() => {
        span.end();
      }),
    ),
  );
}

/** Cancels the order, if it is not too late. */
export async function cancelPatiently({ orders }: Orders, orderId: string): Promise<void> {
  await patiently(async () => {
    try {
      await orders.cancel(orderId, { by: 'chaos' });
    } catch (error) {
      if (!(error instanceof PastCancellingError)) throw error;
    }
  });
}

/** The order once it is over or waits for an operator; fails when it is neither in time. */
export async function outcomeOf({ orders }: Orders, orderId: string, limitMs: number): Promise<OrderView> {
  const deadline = Date.now() + limitMs;
  const view = await patiently(() =>
    orders.waitForOutcome(orderId, { timeoutMs: Math.max(0, deadline - Date.now()) }),
  );
  if (view === undefined) throw new Error(`${orderId} has come to no end`);
  return view;
}

export function orderInput(orderId: string, kind: ChaosOrder): object {
  const { transaction, method, country = 'DE', sku = 'SKU-KEYBOARD' } = kind;
  return {
    orderId,
    ...SAMPLE_ORDER,
    customerId: 'cus_storm',
    items: [{ sku, quantity: 1 }],
    payment: { method },
    shippingAddress: { ...SAMPLE_ORDER.shippingAddress, country },
    transaction,
  };
}

/** The answer to a request that is made again for as long as somebody is away who will be back. */
async function patiently<T>(request: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await request();
    } catch (error) {
      if (!isAway(error)) throw error;
      await sleep(AGAIN_AFTER_MS);
    }
  }
}

function isAway(error: unknown): boolean {
  return [ServiceUnreachableError, TemporalUnavailableError, NoWorkerError].some(
    (kind) => error instanceof kind,
  );
}
