import type { CompensationRequest, CompensationResponse } from '../domain/service-contract';
import type { CreateOrderRequest, CreateOrderResponse } from '../domain/service-contract';
import { callService } from './service-client';
import type { ServiceClientDeps } from './service-client';
import type { Keyed } from './keyed';

/** Calls of the order service. */
export function createOrderActivities(deps: ServiceClientDeps) {
  return {
    createOrder: ({ key, ...body }: Keyed<CreateOrderRequest>) =>
      callService<CreateOrderResponse>(deps, { route: '/orders', key, body }),

    cancelOrder: ({ key, ...body }: Keyed<CompensationRequest>) =>
      callService<CompensationResponse>(deps, { route: '/cancellations', key, body }),
  };
}
