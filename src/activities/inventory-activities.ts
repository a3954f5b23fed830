import type { CompensationRequest, CompensationResponse } from '../domain/service-contract';
import type { ConfirmRequest, ConfirmResponse } from '../domain/service-contract';
import type { ReserveInventoryRequest, ReserveInventoryResponse } from '../domain/service-contract';
import type { TryInventoryRequest, TryInventoryResponse } from '../domain/service-contract';
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

    tryInventory: ({ key, ...body }: Keyed<TryInventoryRequest>) =>
      callService<TryInventoryResponse>(deps, { route: '/holds', key, body }),

    confirmInventory: ({ key, ...body }: Keyed<ConfirmRequest>) =>
      callService<ConfirmResponse>(deps, { route: '/confirmations', key, body }),

    cancelInventory: ({ key, ...body }: Keyed<CompensationRequest>) =>
      callService<CompensationResponse>(deps, { route: '/cancellations', key, body }),

    /** Undoes also what was confirmed. */
    reverseInventory: ({ key, ...body }: Keyed<CompensationRequest>) =>
      callService<CompensationResponse>(deps, { route: '/reversals', key, body }),
  };
}
