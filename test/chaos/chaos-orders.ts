import type { Tracer } from '@opentelemetry/api';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TransactionKind } from '../../src/domain/order';
import { ServiceUnreachableError } from '../../src/orders/errors';
import type { Orders } from '../../src/orders/open-orders';

/** What is special about an order; the rest is as usual. */
export interface ChaosOrder {
  readonly transaction: TransactionKind;
  readonly payment?: { readonly method: string };
  readonly country?: string;
}

/** Starts an order under a root span of its own, as `orders start` does; the catalogue may be down just now. */
export async function startPatiently({ orders }: Orders, tracer: Tracer, input: object): Promise<void> {
  for (;;) {
    try {
      await tracer.startActiveSpan('orders start', (span) =>
        orders.start(input).finally(() => {
          span.end();
        }),
      );
      return;
    } catch (error) {
      if (!(error instanceof ServiceUnreachableError)) throw error;
      await sleep(200);
    }
  }
}

export function orderInput(orderId: string, { transaction, payment, country = 'DE' }: ChaosOrder): object {
  return {
    orderId,
    customerId: 'cus_storm',
    items: [{ sku: 'SKU-KEYBOARD', quantity: 1 }],
    payment: payment ?? { method: 'pm_card_visa' },
    shippingAddress: {
      name: 'A. Buyer',
      line1: '1 Main St',
      city: 'Berlin',
      postalCode: '10115',
      country,
    },
    transaction,
  };
}
