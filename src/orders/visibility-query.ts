import { isFinal } from '../domain/order';
import type { OrderStatus } from '../domain/order';
import { ALL_ORDER_WORKFLOW_TYPES } from '../workflows/definitions';

export interface OrderFilter {
  readonly status?: OrderStatus | undefined;
  readonly customerId?: string | undefined;
}

/**
 * A string literal of Temporal's list filters that no value can break out of.
 *
 * The server (1.29) compares backslashes and double quotes in their escaped form, so that values with them
 * match nothing; no id of ours has any.
 */
export function quoteValue(value: string): string {
  return `'${value.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`;
}

/**
 * The list filter of all orders that match; of one that the guardian took over, every run: see `latest-runs.ts`.
 */
export function ordersQuery({ status, customerId }: OrderFilter = {}): string {
  const types = ALL_ORDER_WORKFLOW_TYPES.map(quoteValue).join(', ');
  const terms = [`WorkflowType IN (${types})`];
  if (status !== undefined) {
    terms.push(`OrderStatus = ${quoteValue(status)}`);
    // A terminated workflow leaves the attribute as it was: such an order is not running, whatever it says.
    if (!isFinal(status)) terms.push(`ExecutionStatus = 'Running'`);
  }
  if (customerId !== undefined) terms.push(`CustomerId = ${quoteValue(customerId)}`);
  return terms.join(' AND ');
}
