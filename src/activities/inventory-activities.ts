import type { CompensationRequest, CompensationResponse } from '../domain/service-contract';
import type { ReserveInventoryRequest, ReserveInventoryResponse } from '../domain/service-contract';
import { callService } from './service-client';
import type { ServiceClientDeps } from './service-client';
import type { Keyed } from './keyed';

/** Calls of the inventory service. */
export function createInventoryActivities(deps: ServiceClientDeps) {
  return {
    reserveInventory: ({ key, ...body }: Keyed<ReserveInventoryRequest>) =>
      callService<ReserveInventoryResponse>(deps, { route: '/reservations', key, body }),

    releaseInventory: ({ key, ...body }: Keyed<CompensationRequest>) =>
      callService<CompensationResponse>(deps, { route: '/releases', key, body }),
  };
}
