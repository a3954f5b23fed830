import type { CompensationRequest, CompensationResponse } from '../domain/service-contract';
import type { CreateShipmentRequest, CreateShipmentResponse } from '../domain/service-contract';
import { callService } from './service-client';
import type { ServiceClientDeps } from './service-client';
import type { Keyed } from './keyed';

/** Calls of the shipping service. */
export function createShippingActivities(deps: ServiceClientDeps) {
  return {
    createShipment: ({ key, ...body }: Keyed<CreateShipmentRequest>) =>
      callService<CreateShipmentResponse>(deps, { route: '/shipments', key, body }),

    cancelShipment: ({ key, ...body }: Keyed<CompensationRequest>) =>
      callService<CompensationResponse>(deps, { route: '/cancellations', key, body }),
  };
}
