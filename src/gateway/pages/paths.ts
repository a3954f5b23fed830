import type { CompensationName } from '../../domain/steps';
import type { OrderFilter } from '../../orders/visibility-query';

/** Every address that the pages point to, once. */
export const PATHS = {
  home: '/',
  docs: '/docs',
  order: (orderId: string) => `/orders/${encodeURIComponent(orderId)}`,
  /** The order's JSON for a browser, whose `Accept` asks for the page. */
  orderJson: (orderId: string) => `${PATHS.order(orderId)}?format=json`,
  trace: (orderId: string) => `${PATHS.order(orderId)}/trace`,
  events: (orderId: string) => `${PATHS.order(orderId)}/events`,
  cancel: (orderId: string) => `${PATHS.order(orderId)}/cancel`,
  compensation: (orderId: string, step: CompensationName, action: 'retry' | 'skip') =>
    `${PATHS.order(orderId)}/compensations/${encodeURIComponent(step)}/${action}`,
  list: ({ status, customerId, cursor }: OrderFilter & { readonly cursor?: string | undefined }) => {
    const query = new URLSearchParams();
    if (status !== undefined) query.set('status', status);
    if (customerId !== undefined) query.set('customerId', customerId);
    if (cursor !== undefined) query.set('cursor', cursor);
    return query.size === 0 ? PATHS.home : `${PATHS.home}?${query.toString()}`;
  },
} as const;
