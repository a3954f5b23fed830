import { randomUUID } from 'node:crypto';
import type { Order } from '../../src/domain/order';
import { SAMPLE_ORDER } from '../../src/domain/sample-order';
import { FAST_POLICIES } from './policies';
import type { OrderWorkflowInput } from '../../src/workflows/definitions';

/** A valid order; `changes` replace whole fields. */
export function sampleOrder(changes: Partial<Order> = {}): Order {
  return {
    orderId: `ord_${randomUUID()}`,
    ...SAMPLE_ORDER,
    transaction: 'saga',
    ...changes,
  };
}

/** The workflow's input for an order that was quoted 59.98 EUR. */
export function sampleInput(changes: Partial<Order> = {}): OrderWorkflowInput {
  return { order: sampleOrder(changes), amount: { value: 5998, currency: 'EUR' }, policies: FAST_POLICIES };
}
